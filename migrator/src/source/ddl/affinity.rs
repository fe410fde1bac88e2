//! The affinity a declared type gives: which values SQLite turns into which on the way in and in comparisons.
//!
//! Rules and their order: <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>.

/// Column affinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Affinity {
    /// Keeps every value as it is.
    #[default]
    Blob,
    /// Turns numbers into text.
    Text,
    /// Turns text that reads as a number into one.
    Numeric,
    /// As `Numeric`; differs in CAST.
    Integer,
    /// As `Numeric`, and integers become reals.
    Real,
}

impl Affinity {
    /// The affinity of a declared type; none declared keeps values as they are.
    pub fn of(declared_type: Option<&str>) -> Self {
        let Some(declared) = declared_type else {
            return Self::Blob;
        };
        let upper = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
        if has(&["INT"]) {
            Self::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if has(&["BLOB"]) || upper.trim().is_empty() {
            Self::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }

    /// Whether text that reads as a number is turned into one.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Numeric | Self::Integer | Self::Real)
    }
}

#[cfg(test)]
mod tests {
    use super::Affinity;

    #[test]
    fn declared_types_give_the_affinity_sqlite_documents() {
        for (declared, affinity) in [
            (None, Affinity::Blob),
            (Some("int(5)"), Affinity::Integer),
            // The first rule wins over the words that follow it.
            (Some("CHARINT"), Affinity::Integer),
            (Some("FLOATING POINT"), Affinity::Integer),
            (Some("varchar(20)"), Affinity::Text),
            (Some("byte[]"), Affinity::Numeric),
            (Some("double precision"), Affinity::Real),
            (Some("DECIMAL(10,5)"), Affinity::Numeric),
            (Some("longblob"), Affinity::Blob),
            (Some("STRING"), Affinity::Numeric),
        ] {
            assert_eq!(Affinity::of(declared), affinity, "{declared:?}");
        }
    }
}
