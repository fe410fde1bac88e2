//! From a type of `pg_type` and its modifier to what a column's values are. Pure.
//!
//! Domains are followed to their base type, however deep, and what they add (NOT NULL, a default) is kept. A type
//! that is not known exactly is [`ColumnKind::Other`]; nothing is guessed from a name alone: the built-in types are
//! those of `pg_catalog`, and `citext` is the one its extension made.

use std::collections::HashMap;

use super::ColumnKind;

/// Domains over domains that are followed; Postgres itself has no limit, and a cycle cannot be made.
const DEPTH_MAX: u32 = 64;

/// Length words that Postgres adds to a modifier: `VARHDRSZ`, in bytes.
const HEADER: i32 = 4;

/// Fraction digits of a time without a modifier: microseconds.
const FRACTION_DIGITS: u8 = 6;

/// `INTERVAL_FULL_RANGE`: all fields.
const INTERVAL_ALL_FIELDS: i32 = 0x7fff;

/// `INTERVAL_FULL_PRECISION`: no limit of digits.
const INTERVAL_ALL_DIGITS: i32 = 0xffff;

/// What `pg_type` says of one type.
#[derive(Debug, Clone, Default)]
pub(super) struct Type {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is made of.
    pub makeup: Makeup,
}

/// What a type is made of.
#[derive(Debug, Clone, Default)]
pub(super) enum Makeup {
    /// A base type; the extension that made it, if one did.
    Base { extension: Option<String> },
    /// A domain.
    Domain {
        base: u32,
        modifier: i32,
        dimensions: i32,
        not_null: bool,
        has_default: bool,
    },
    /// An array of elements of this type.
    Array { element: u32 },
    /// An enumeration.
    Enum { labels: Vec<String> },
    /// Composite, range and whatever else there is.
    #[default]
    Other,
}

/// What a column is by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// What its values are.
    pub kind: ColumnKind,
    /// Whether a domain forbids NULL.
    pub not_null: bool,
    /// Whether a domain has a default.
    pub has_default: bool,
}

/// The types by their identifier.
pub(super) type Types = HashMap<u32, Type>;

/// Follows a column's type to its base.
pub(super) fn resolve(types: &Types, mut id: u32, mut modifier: i32, mut dimensions: i32) -> Resolved {
    let (mut not_null, mut has_default) = (false, false);
    for _ in 0..DEPTH_MAX {
        let Some(found) = types.get(&id) else { break };
        let Makeup::Domain {
            base,
            modifier: of_domain,
            dimensions: of_array,
            not_null: forbids,
            has_default: gives,
        } = found.makeup
        else {
            let kind = kind(types, found, modifier, dimensions);
            return Resolved {
                kind,
                not_null,
                has_default,
            };
        };
        not_null |= forbids;
        has_default |= gives;
        // A column of a domain has no modifier of its own; the domain that has one gives it to all above it.
        if modifier < 0 {
            modifier = of_domain;
        }
        dimensions = dimensions.max(of_array);
        id = base;
    }
    Resolved {
        kind: ColumnKind::Other,
        not_null,
        has_default,
    }
}

fn kind(types: &Types, found: &Type, modifier: i32, dimensions: i32) -> ColumnKind {
    match &found.makeup {
        Makeup::Enum { labels } => ColumnKind::Enum(labels.clone()),
        Makeup::Array { element } if dimensions <= 1 => array(types, *element, modifier),
        Makeup::Base { extension } if extension.as_deref() == Some("citext") && found.name == "citext" => {
            ColumnKind::Citext
        }
        Makeup::Base { .. } if found.schema == "pg_catalog" => built_in(&found.name, modifier),
        _ => ColumnKind::Other,
    }
}

/// The modifier of an array is that of its elements. Elements of a domain, which an array names as its own, or of a
/// type that is not known, make it one that is not known.
fn array(types: &Types, element: u32, modifier: i32) -> ColumnKind {
    let makeup = types.get(&element).map(|found| &found.makeup);
    if matches!(makeup, Some(Makeup::Domain { .. })) {
        return ColumnKind::Other;
    }
    match resolve(types, element, modifier, 0).kind {
        ColumnKind::Array(_) | ColumnKind::Other => ColumnKind::Other,
        element => ColumnKind::Array(Box::new(element)),
    }
}

fn built_in(name: &str, modifier: i32) -> ColumnKind {
    match name {
        "bool" => ColumnKind::Boolean,
        "int2" => ColumnKind::Smallint,
        "int4" => ColumnKind::Integer,
        "int8" => ColumnKind::Bigint,
        "float4" => ColumnKind::Real,
        "float8" => ColumnKind::DoublePrecision,
        "numeric" => ColumnKind::Numeric(numeric(modifier)),
        "text" => ColumnKind::Text,
        "varchar" => ColumnKind::Varchar(length(modifier)),
        // Without a length it does not pad, which `char` cannot say.
        "bpchar" => length(modifier).map_or(ColumnKind::Other, ColumnKind::Char),
        "bytea" => ColumnKind::Bytea,
        "uuid" => ColumnKind::Uuid,
        "json" => ColumnKind::Json,
        "jsonb" => ColumnKind::Jsonb,
        "date" => ColumnKind::Date,
        "time" => ColumnKind::Time(fraction(modifier)),
        "timestamp" => ColumnKind::Timestamp(fraction(modifier)),
        "timestamptz" => ColumnKind::Timestamptz(fraction(modifier)),
        "interval" => interval(modifier),
        "inet" => ColumnKind::Inet,
        "cidr" => ColumnKind::Cidr,
        _ => ColumnKind::Other,
    }
}

/// Precision in the upper 16 bits; scale in the lower 11, with its sign.
fn numeric(modifier: i32) -> Option<(u16, i16)> {
    let packed = modifier.checked_sub(HEADER).filter(|packed| *packed >= 0)?;
    let precision = u16::try_from((packed >> 16) & 0xffff).ok()?;
    let scale = i16::try_from(((packed & 0x7ff) ^ 0x400) - 0x400).ok()?;
    Some((precision, scale))
}

fn length(modifier: i32) -> Option<u32> {
    u32::try_from(modifier.checked_sub(HEADER)?).ok()
}

fn fraction(modifier: i32) -> u8 {
    u8::try_from(modifier).map_or(FRACTION_DIGITS, |digits| digits.min(FRACTION_DIGITS))
}

/// Fields in the upper 15 bits, digits in the lower 16.
fn interval(modifier: i32) -> ColumnKind {
    if modifier < 0 {
        return ColumnKind::Interval(FRACTION_DIGITS);
    }
    if (modifier >> 16) & INTERVAL_ALL_FIELDS != INTERVAL_ALL_FIELDS {
        return ColumnKind::Other;
    }
    let digits = modifier & INTERVAL_ALL_DIGITS;
    ColumnKind::Interval(fraction(if digits == INTERVAL_ALL_DIGITS { -1 } else { digits }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_mean_what_postgres_packs_into_them() {
        let packed = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + HEADER;
        for (precision, scale) in [(1, 0), (10, 2), (3, -5), (1000, 1000), (1000, -1000), (2, 7)] {
            let expected = (u16::try_from(precision).unwrap(), i16::try_from(scale).unwrap());
            assert_eq!(numeric(packed(precision, scale)), Some(expected));
        }
        assert_eq!((numeric(-1), numeric(i32::MIN)), (None, None));
        assert_eq!(
            (length(204), length(-1), length(i32::MIN)),
            (Some(200), None, None)
        );
        assert_eq!((fraction(-1), fraction(0), fraction(3)), (6, 0, 3));
        assert_eq!(interval(-1), ColumnKind::Interval(6));
        assert_eq!(interval(0x7fff_0003), ColumnKind::Interval(3));
        assert_eq!(interval(0x0004_ffff), ColumnKind::Other);
    }

    #[test]
    fn a_domain_that_leads_nowhere_or_to_itself_ends() {
        let circle = Type {
            makeup: Makeup::Domain {
                base: 1,
                modifier: -1,
                dimensions: 0,
                not_null: true,
                has_default: false,
            },
            ..Type::default()
        };
        let types = Types::from([(1, circle)]);
        for id in [1, 2] {
            assert_eq!(resolve(&types, id, -1, 0).kind, ColumnKind::Other);
        }
    }
}
