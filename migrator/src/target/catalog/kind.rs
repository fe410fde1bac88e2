//! The types of existing columns, as far as values can be cast to them.

/// What the values of a column of the target are. The target's type is never changed; a value that it cannot hold
/// stays out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// `boolean`.
    Boolean,
    /// `smallint`.
    Smallint,
    /// `integer`.
    Integer,
    /// `bigint`.
    Bigint,
    /// `real`, binary32.
    Real,
    /// `double precision`, binary64.
    DoublePrecision,
    /// `numeric`, with precision and scale where they are limited. The scale may be negative.
    Numeric(Option<(u16, i16)>),
    /// `text`.
    Text,
    /// `character varying`, with its limit in characters.
    Varchar(Option<u32>),
    /// `character(n)`, padded with spaces to so many characters.
    Char(u32),
    /// The extension type `citext`.
    Citext,
    /// `bytea`.
    Bytea,
    /// `uuid`.
    Uuid,
    /// `json`.
    Json,
    /// `jsonb`.
    Jsonb,
    /// `date`.
    Date,
    /// `time without time zone`, with digits of the second's fraction.
    Time(u8),
    /// `timestamp without time zone`, with digits of the second's fraction.
    Timestamp(u8),
    /// `timestamp with time zone`, with digits of the second's fraction.
    Timestamptz(u8),
    /// `interval`, all fields, with digits of the second's fraction.
    Interval(u8),
    /// `inet`.
    Inet,
    /// `cidr`.
    Cidr,
    /// An enumeration with these labels, in order.
    Enum(Vec<String>),
    /// An array of one dimension.
    Array(Box<ColumnKind>),
    /// Any other type; outgrow does not know how to write it.
    Other,
}

#[cfg(test)]
impl ColumnKind {
    /// Every kind that values can be cast to, some with several limits, all near to small values.
    pub fn of_every_sort() -> Vec<Self> {
        let element = |kind| Self::Array(Box::new(kind));
        vec![
            Self::Boolean,
            Self::Smallint,
            Self::Integer,
            Self::Bigint,
            Self::Real,
            Self::DoublePrecision,
            Self::Numeric(None),
            Self::Numeric(Some((6, 2))),
            Self::Numeric(Some((3, -2))),
            Self::Numeric(Some((2, 4))),
            Self::Text,
            Self::Varchar(Some(8)),
            Self::Char(8),
            Self::Citext,
            Self::Bytea,
            Self::Uuid,
            Self::Json,
            Self::Jsonb,
            Self::Date,
            Self::Time(6),
            Self::Time(2),
            Self::Timestamp(6),
            Self::Timestamp(3),
            Self::Timestamptz(6),
            Self::Timestamptz(0),
            Self::Interval(6),
            Self::Interval(3),
            Self::Inet,
            Self::Cidr,
            Self::Enum(vec!["a".to_owned(), "b c".to_owned()]),
            element(Self::Text),
            element(Self::Varchar(Some(3))),
            element(Self::Boolean),
            element(Self::Smallint),
            element(Self::Bigint),
            element(Self::Real),
            element(Self::DoublePrecision),
            element(Self::Numeric(Some((6, 2)))),
            element(Self::Numeric(None)),
            element(Self::Uuid),
        ]
    }
}

/// A kind in a file: JSON in a text, since TOML has no word for the absence of a limit.
pub mod as_text {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::ColumnKind;

    /// Writes it.
    ///
    /// # Errors
    /// The format takes no text.
    pub fn serialize<S: Serializer>(kind: &Option<ColumnKind>, serializer: S) -> Result<S::Ok, S::Error> {
        // Our own enum has no keys but strings, so this cannot fail.
        let text = kind
            .as_ref()
            .map(|kind| serde_json::to_string(kind).unwrap_or_default());
        match text {
            Some(text) => serializer.serialize_some(&text),
            None => serializer.serialize_none(),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// The text is no kind.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ColumnKind>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| serde_json::from_str(&text).map_err(D::Error::custom))
            .transpose()
    }
}
