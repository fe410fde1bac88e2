//! The type of a column, chosen from what is stored in it first and from its declaration second.
//!
//! A pure function over the census. It returns a mapping only if every counted value survives it.

use outgrow_shared::value::Class;

use super::decimal::declared_numeric;
use super::mapping::Mapping;
use super::rules::{self, Rule};
use super::text_time::TimestampFormat;
use super::translate::StoredClass;
use crate::census::ColumnCensus;
use crate::source::catalog::Column;
use crate::source::ddl::Affinity;

/// What becomes of a column's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// They travel by this mapping.
    Mapped {
        /// The mapping.
        mapping: Mapping,
        /// Why this one.
        reason: String,
        /// Whether the declaration led to expect another type.
        surprising: bool,
    },
    /// No type holds them all.
    Blocked {
        /// The rule.
        rule: Rule,
        /// What was found.
        detail: String,
        /// Rows concerned.
        rows: u64,
        /// The first of them.
        samples: Vec<String>,
    },
}

/// Chooses for one column.
pub fn choose(column: &Column, census: &ColumnCensus) -> Choice {
    let raw = census.of_class(Class::RawText);
    if raw > 0 {
        let detail = format!("{raw} texts are not valid Unicode");
        return blocked(
            rules::TEXT_NOT_UNICODE,
            detail,
            raw,
            census.samples(Class::RawText),
        );
    }
    if census.texts_with_nul > 0 {
        let detail = format!(
            "{} texts hold a NUL character, which Postgres cannot store",
            census.texts_with_nul
        );
        return blocked(
            rules::TEXT_NUL,
            detail,
            census.texts_with_nul,
            &census.nul_samples,
        );
    }
    match census.classes().as_slice() {
        [] => expected(column),
        [Class::Text] => choose_text(column, census),
        [Class::Blob] => observed(column, Mapping::BlobBytea, "every value is a blob"),
        [Class::Integer] | [Class::Real] | [Class::Integer, Class::Real] => choose_number(column, census),
        classes => mixed(census, classes),
    }
}

/// The class of a column's values, as expressions over it need to know.
pub fn stored_class(mapping: Mapping) -> StoredClass {
    match mapping {
        Mapping::IntegerBigint | Mapping::IntegerBoolean => StoredClass::Integer,
        Mapping::RealDouble => StoredClass::Real,
        Mapping::NumberDouble | Mapping::NumberNumeric { .. } => StoredClass::Number,
        Mapping::TextText | Mapping::TextTimestamp(_) | Mapping::TextDate => StoredClass::Text,
        Mapping::BlobBytea => StoredClass::Blob,
    }
}

fn blocked(rule: Rule, detail: String, rows: u64, samples: &[String]) -> Choice {
    Choice::Blocked {
        rule,
        detail,
        rows,
        samples: samples.to_vec(),
    }
}

/// The type that the declaration alone leads to expect; taken when a column holds nothing but NULL.
fn expected(column: &Column) -> Choice {
    let mapping = declared_mapping(column);
    Choice::Mapped {
        mapping,
        reason: "no value but NULL; by its declaration".to_owned(),
        surprising: false,
    }
}

fn declared_mapping(column: &Column) -> Mapping {
    let upper = column.declared_type.to_ascii_uppercase();
    if let Some((precision, scale)) = declared_numeric(&column.declared_type) {
        return Mapping::NumberNumeric { precision, scale };
    }
    match column.affinity {
        Affinity::Integer => Mapping::IntegerBigint,
        Affinity::Real => Mapping::RealDouble,
        Affinity::Text => Mapping::TextText,
        Affinity::Blob if upper.contains("BLOB") => Mapping::BlobBytea,
        Affinity::Blob => Mapping::TextText,
        Affinity::Numeric if is_boolean(column) => Mapping::IntegerBoolean,
        Affinity::Numeric if upper == "DATE" => Mapping::TextDate,
        Affinity::Numeric if upper.contains("DATE") || upper.contains("TIMESTAMP") => {
            Mapping::TextTimestamp(TimestampFormat::SQLITE)
        }
        Affinity::Numeric => Mapping::NumberDouble,
    }
}

fn is_boolean(column: &Column) -> bool {
    column.declared_type.to_ascii_uppercase().starts_with("BOOL")
}

/// A mapping that the values decided, and whether the declaration agrees.
fn observed(column: &Column, mapping: Mapping, reason: &str) -> Choice {
    let declared = &column.declared_type;
    let surprising =
        !declared.is_empty() && declared_mapping(column) != mapping && !is_close(column, mapping);
    let reason = if surprising {
        format!("declared {declared}, but {reason}")
    } else {
        reason.to_owned()
    };
    Choice::Mapped {
        mapping,
        reason,
        surprising,
    }
}

/// Pairs of declaration and type that nobody is surprised by.
fn is_close(column: &Column, mapping: Mapping) -> bool {
    match mapping {
        Mapping::TextTimestamp(_) | Mapping::TextDate | Mapping::IntegerBoolean => true,
        Mapping::IntegerBigint | Mapping::RealDouble | Mapping::NumberDouble => {
            column.affinity == Affinity::Numeric && !is_temporal(column) && !is_boolean(column)
        }
        _ => false,
    }
}

fn is_temporal(column: &Column) -> bool {
    let upper = column.declared_type.to_ascii_uppercase();
    upper.contains("DATE") || upper.contains("TIME")
}

fn choose_text(column: &Column, census: &ColumnCensus) -> Choice {
    if let Some(format) = census.timestamp_format() {
        let reason = format!("declared {}, every text is {format}", column.declared_type);
        return observed(column, Mapping::TextTimestamp(format), &reason);
    }
    if census.all_dates() {
        let reason = format!("declared {}, every text is YYYY-MM-DD", column.declared_type);
        return observed(column, Mapping::TextDate, &reason);
    }
    if is_temporal(column) {
        return observed(
            column,
            Mapping::TextText,
            "its texts share no one format of date or time",
        );
    }
    observed(column, Mapping::TextText, "every value is text")
}

fn choose_number(column: &Column, census: &ColumnCensus) -> Choice {
    let integers = census.of_class(Class::Integer);
    let reals = census.of_class(Class::Real);
    if reals == 0 && is_boolean(column) && census.integers_not_boolean == 0 {
        return observed(
            column,
            Mapping::IntegerBoolean,
            "declared boolean, every value is 0 or 1",
        );
    }
    let declared = declared_numeric(&column.declared_type);
    if let (Some((precision, scale)), Some(shape)) = (declared, census.decimals)
        && shape.fits(precision, scale)
        && census.reals_whole == 0
    {
        let mapping = Mapping::NumberNumeric { precision, scale };
        return observed(column, mapping, "every number fits the declared decimal");
    }
    if reals == 0 {
        return observed(column, Mapping::IntegerBigint, "every value is an integer");
    }
    if integers == 0 {
        return observed(column, Mapping::RealDouble, "every value is a real");
    }
    if census.reals_whole == 0 && census.integers_beyond_double == 0 {
        let reason = "integers and reals, all of which binary64 gives back exactly";
        return observed(column, Mapping::NumberDouble, reason);
    }
    let detail = format!(
        "{integers} integers and {reals} reals in one column, of which {} reals are whole numbers and {} \
         integers lie beyond 2^53: no number type gives them all back exactly",
        census.reals_whole, census.integers_beyond_double
    );
    blocked(
        rules::MIXED_NUMBERS,
        detail,
        integers + reals,
        census.samples(Class::Real),
    )
}

fn mixed(census: &ColumnCensus, classes: &[Class]) -> Choice {
    let counts: Vec<String> = classes
        .iter()
        .map(|c| format!("{} {c}", census.of_class(*c)))
        .collect();
    // The rows to look at are those of the rarest class.
    let rarest = classes
        .iter()
        .copied()
        .min_by_key(|c| census.of_class(*c))
        .unwrap_or(Class::Null);
    let detail = format!("values of several storage classes: {}", counts.join(", "));
    blocked(
        rules::MIXED_CLASSES,
        detail,
        census.of_class(rarest),
        census.samples(rarest),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use outgrow_shared::value::Value;

    fn column(declared_type: &str) -> Column {
        Column {
            name: "c".into(),
            declared_type: declared_type.into(),
            affinity: Affinity::of(Some(declared_type)),
            not_null: false,
            default_sql: None,
            generated: false,
        }
    }

    fn chosen(declared_type: &str, values: &[Value<'_>]) -> Result<(String, bool), Rule> {
        let column = column(declared_type);
        let mut census = ColumnCensus::new(&column);
        values
            .iter()
            .for_each(|value| census.count(value, || "key".into()));
        match choose(&column, &census) {
            Choice::Mapped {
                mapping, surprising, ..
            } => Ok((mapping.to_string(), surprising)),
            Choice::Blocked { rule, .. } => Err(rule),
        }
    }

    /// Declared type, values, and the mapping with whether it surprises, or the rule that blocks.
    type Case<'a> = (&'a str, &'a [Value<'a>], Result<(&'a str, bool), Rule>);

    #[test]
    fn values_decide_and_declarations_help() {
        use Value::{Blob, Integer, Null, RawText, Real, Text};
        let table: &[Case<'_>] = &[
            ("INTEGER", &[Integer(1)], Ok(("integer.bigint", false))),
            ("BOOLEAN", &[Integer(1), Null], Ok(("integer.boolean", false))),
            ("BOOLEAN", &[Integer(2)], Ok(("integer.bigint", true))),
            ("BOOLEAN", &[], Ok(("integer.boolean", false))),
            ("BOOLEAN", &[Integer(1), Text("true")], Err(rules::MIXED_CLASSES)),
            (
                "DECIMAL(10,2)",
                &[Real(0.99), Integer(3)],
                Ok(("number.numeric(10,2)", false)),
            ),
            ("DECIMAL(10,2)", &[Real(0.999)], Ok(("real.double", false))),
            (
                "DECIMAL(10,2)",
                &[Real(0.999), Integer(3)],
                Ok(("number.double", false)),
            ),
            ("NUMERIC", &[Real(0.5), Integer(3)], Ok(("number.double", false))),
            ("NUMERIC", &[Integer(3)], Ok(("integer.bigint", false))),
            ("", &[Real(1.0), Integer(1)], Err(rules::MIXED_NUMBERS)),
            (
                "",
                &[Real(1.5), Integer((1 << 53) + 1)],
                Err(rules::MIXED_NUMBERS),
            ),
            ("REAL", &[Real(1.0)], Ok(("real.double", false))),
            ("TEXT", &[Text("a")], Ok(("text.text", false))),
            ("INTEGER", &[Text("a")], Ok(("text.text", true))),
            ("INTEGER", &[Text("a"), Integer(1)], Err(rules::MIXED_CLASSES)),
            (
                "DATETIME",
                &[Text("2024-01-01 00:00:00")],
                Ok(("text.timestamp(YYYY-MM-DD HH:MM:SS)", false)),
            ),
            (
                "TIMESTAMP",
                &[Text("2024-01-01T00:00:00.123Z")],
                Ok(("text.timestamptz(YYYY-MM-DDTHH:MM:SS.fffZ)", false)),
            ),
            (
                "DATETIME",
                &[Text("2024-01-01")],
                Ok(("text.date(YYYY-MM-DD)", false)),
            ),
            ("DATETIME", &[Text("now")], Ok(("text.text", true))),
            (
                "DATETIME",
                &[Integer(1_700_000_000)],
                Ok(("integer.bigint", true)),
            ),
            ("DATE", &[], Ok(("text.date(YYYY-MM-DD)", false))),
            ("BLOB", &[Blob(b"x")], Ok(("blob.bytea", false))),
            ("TEXT", &[Blob(b"x")], Ok(("blob.bytea", true))),
            ("TEXT", &[Blob(b"x"), Text("x")], Err(rules::MIXED_CLASSES)),
            ("TEXT", &[RawText(b"\xff")], Err(rules::TEXT_NOT_UNICODE)),
            ("TEXT", &[Text("a\0")], Err(rules::TEXT_NUL)),
            ("", &[], Ok(("text.text", false))),
        ];
        for (declared, values, expected) in table {
            let expected = expected.map(|(mapping, surprising)| (mapping.to_owned(), surprising));
            assert_eq!(chosen(declared, values), expected, "{declared} {values:?}");
        }
    }
}
