//! A translated value with all that decides how SQLite would compare it.

use super::{ColumnBinding, Outcome, StoredClass, refuse};
use crate::plan::choices::Nocase;
use crate::plan::target_type::TargetType;
use crate::quote::{quote_bytes, quote_ident, quote_literal};
use crate::source::ddl::Affinity;

/// Largest integer that every smaller one shares with binary64: 2^53.
pub(super) const EXACT_IN_DOUBLE_MAX: i64 = 1 << 53;

/// Decimal digits that survive a trip through binary64.
pub(super) const DECIMAL_DIGITS_IN_DOUBLE: usize = 15;

/// The type of a translated value on Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    /// A bare NULL.
    Null,
    /// `boolean`; in SQLite the integers 0 and 1.
    Bool,
    /// `bigint`.
    Int,
    /// `double precision`; in SQLite always a REAL.
    Real,
    /// `double precision`; in SQLite an INTEGER or a REAL.
    Number,
    /// `numeric` of at most 15 digits; in SQLite an INTEGER or a REAL.
    Decimal,
    /// `text`.
    Text,
    /// `bytea`.
    Bytes,
    /// A type whose order or rendering differs from the source's value: only NULL tests are safe.
    Opaque,
}

/// A literal, kept so that it can be rendered for the other side's type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Int(i64),
    /// The value and its decimal digits as written, sign included.
    Real(f64, String),
    Text(String),
}

/// A collation SQLite knows by itself, or any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collation {
    Binary,
    NoCase,
    Rtrim,
    Other,
}

impl Collation {
    pub(super) fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "binary" => Self::Binary,
            "nocase" => Self::NoCase,
            "rtrim" => Self::Rtrim,
            _ => Self::Other,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Value {
    /// SQL that is one term: nothing around it can bind into it. A literal is bare.
    pub(super) sql: String,
    pub(super) ty: Ty,
    pub(super) literal: Option<Literal>,
    /// Of a column or a CAST; everything else has none.
    pub(super) affinity: Affinity,
    /// A column's, or given by COLLATE.
    pub(super) collation: Option<Collation>,
    /// Given by COLLATE, which beats a column's.
    pub(super) collation_explicit: bool,
    pub(super) not_null: bool,
}

impl Value {
    pub(super) fn new(sql: impl Into<String>, ty: Ty) -> Self {
        Self {
            sql: sql.into(),
            ty,
            literal: None,
            affinity: Affinity::Blob,
            collation: None,
            collation_explicit: false,
            not_null: false,
        }
    }

    pub(super) fn null() -> Self {
        Self::new("NULL", Ty::Null)
    }

    /// A boolean made of SQL that binds loosely.
    pub(super) fn condition(sql: impl AsRef<str>) -> Self {
        Self::new(format!("({})", sql.as_ref()), Ty::Bool)
    }

    pub(super) fn int(value: i64) -> Self {
        let sql = if value == i64::MIN {
            // The digits alone are one too many for a bigint.
            "(-9223372036854775808)::bigint".to_owned()
        } else if value < 0 {
            format!("({value})")
        } else {
            value.to_string()
        };
        Self {
            literal: Some(Literal::Int(value)),
            not_null: true,
            ..Self::new(sql, Ty::Int)
        }
    }

    pub(super) fn real(value: f64, digits: String) -> Self {
        let sql = if value.is_infinite() {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("'{sign}Infinity'::double precision")
        } else {
            // The shortest digits that read back as the same bits.
            format!("({value:?})::double precision")
        };
        Self {
            literal: Some(Literal::Real(value, digits)),
            not_null: true,
            ..Self::new(sql, Ty::Real)
        }
    }

    pub(super) fn text(value: &str) -> Outcome<Self> {
        let Some(sql) = quote_literal(value) else {
            return refuse("a string with U+0000", "Postgres cannot store that character");
        };
        Ok(Self {
            literal: Some(Literal::Text(value.to_owned())),
            not_null: true,
            ..Self::new(sql, Ty::Text)
        })
    }

    pub(super) fn bytes(value: &[u8]) -> Self {
        Self {
            not_null: true,
            ..Self::new(quote_bytes(value), Ty::Bytes)
        }
    }

    pub(super) fn column(binding: &ColumnBinding) -> Self {
        Self::column_as(binding, &quote_ident(&binding.name))
    }

    /// A column under the name that the statement has for it.
    pub(super) fn column_as(binding: &ColumnBinding, name: &str) -> Self {
        use StoredClass as C;
        use TargetType as T;
        let ty = match (binding.class, binding.target) {
            (C::Integer, T::Bigint) => Ty::Int,
            (C::Integer, T::Boolean) => Ty::Bool,
            (C::Real, T::DoublePrecision) => Ty::Real,
            (C::Integer | C::Number, T::DoublePrecision) => Ty::Number,
            (C::Integer | C::Real | C::Number, T::Numeric { precision, .. })
                if usize::from(precision) <= DECIMAL_DIGITS_IN_DOUBLE =>
            {
                Ty::Decimal
            }
            (C::Text, T::Text) => Ty::Text,
            (C::Blob, T::Bytea) => Ty::Bytes,
            _ => Ty::Opaque,
        };
        // Expressions spell out what NOCASE does; what stands for it on the target must not do more.
        let sql = match binding.nocase {
            Some(Nocase::Icu) => format!("({name} COLLATE \"C\")"),
            Some(Nocase::Citext) => format!("({name}::text COLLATE \"C\")"),
            Some(Nocase::Bytes) | None => name.to_owned(),
        };
        Self {
            affinity: binding.affinity,
            // A column without a declared collation insists on BINARY.
            collation: Some(
                binding
                    .collation
                    .as_deref()
                    .map_or(Collation::Binary, Collation::of),
            ),
            not_null: binding.not_null,
            ..Self::new(sql, ty)
        }
    }

    /// The SQL where no neighbour tells Postgres a literal's type: integers are bigint, strings are text.
    pub(super) fn typed_sql(&self) -> String {
        match self.literal {
            Some(Literal::Int(i64::MIN)) => self.sql.clone(),
            Some(Literal::Int(_)) => format!("{}::bigint", self.sql),
            Some(Literal::Text(_)) => format!("{}::text", self.sql),
            _ => self.sql.clone(),
        }
    }

    /// A boolean as the integer it is in SQLite; any other value as it is.
    pub(super) fn as_number(&self) -> Self {
        if self.ty == Ty::Bool {
            Self {
                not_null: self.not_null,
                ..Self::new(format!("({})::int::bigint", self.sql), Ty::Int)
            }
        } else {
            self.clone()
        }
    }

    /// The value as a condition: a number is true when it is not 0.
    pub(super) fn truth(&self) -> Outcome<String> {
        match self.ty {
            Ty::Bool => Ok(self.sql.clone()),
            Ty::Null => Ok("NULL::boolean".to_owned()),
            Ty::Int | Ty::Real | Ty::Number | Ty::Decimal => Ok(format!("({} <> 0)", self.typed_sql())),
            Ty::Text | Ty::Bytes | Ty::Opaque => refuse(
                "a value that is not a number used as a condition",
                "SQLite reads a number out of its text",
            ),
        }
    }
}
