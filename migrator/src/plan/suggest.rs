//! Other types a column could have: what the census says every value would survive, for its owner to choose.
//!
//! Only what says more about the values than the type they get anyway is worth a line.

use outgrow_shared::value::Class;

use super::mapping::Mapping;
use crate::census::{ColumnCensus, TextShape};

/// Mappings that keep every value of a column as well as the one it gets.
pub(super) fn others(census: &ColumnCensus, mapping: Mapping) -> Vec<Mapping> {
    let blobs = census.of_class(Class::Blob);
    // Nothing but ones, or nothing but zeros, may be the beginning of any number.
    let boolean = census.integers == Some((0, 1));
    match mapping {
        Mapping::TextText if census.texts_are(TextShape::UuidCanonical) => vec![Mapping::TextUuid],
        Mapping::TextText if census.json().is_some() => vec![Mapping::TextJson],
        Mapping::BlobBytea if blobs > 0 && census.blobs_of_16_bytes == blobs => vec![Mapping::BlobUuid],
        Mapping::IntegerBigint if boolean => vec![Mapping::IntegerBoolean],
        Mapping::IntegerBigint => {
            let unit = census.epoch_unit().map(Mapping::IntegerTimestamptz);
            unit.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use outgrow_shared::value::Value;

    use super::*;
    use crate::source::catalog::Column;

    fn suggested(mapping: Mapping, values: &[Value<'_>]) -> Vec<String> {
        let column = Column::declared("");
        let mut census = ColumnCensus::new(&column);
        values.iter().for_each(|value| census.count(value, String::new));
        others(&census, mapping).iter().map(Mapping::to_string).collect()
    }

    #[test]
    fn shapes_that_every_value_has_are_offered() {
        use Value::{Blob, Integer, Text};
        let uuid = Text("0192f3a1-0000-7000-8000-00000000000a");
        assert_eq!(suggested(Mapping::TextText, &[uuid, Value::Null]), ["text.uuid"]);
        assert_eq!(suggested(Mapping::TextText, &[uuid, Text("x")]), [""; 0]);
        assert_eq!(
            suggested(Mapping::TextText, &[Text("{\"a\": 1}"), Text("[]")]),
            ["text.json"]
        );
        assert_eq!(suggested(Mapping::BlobBytea, &[Blob(&[7; 16])]), ["blob.uuid"]);
        assert_eq!(
            suggested(Mapping::BlobBytea, &[Blob(&[7; 16]), Blob(&[7; 15])]),
            [""; 0]
        );
        assert_eq!(
            suggested(Mapping::IntegerBigint, &[Integer(0), Integer(1)]),
            ["integer.boolean"]
        );
        assert_eq!(
            suggested(Mapping::IntegerBigint, &[Integer(1), Integer(1)]),
            [""; 0]
        );
        let seconds = Integer(1_700_000_000);
        assert_eq!(
            suggested(Mapping::IntegerBigint, &[seconds]),
            ["integer.timestamptz(s)"]
        );
        assert_eq!(suggested(Mapping::IntegerBigint, &[seconds, Integer(5)]), [""; 0]);
    }

    #[test]
    fn nothing_is_offered_for_a_column_without_values() {
        for mapping in [Mapping::TextText, Mapping::BlobBytea, Mapping::IntegerBigint] {
            assert_eq!(suggested(mapping, &[Value::Null]), [""; 0]);
        }
    }
}
