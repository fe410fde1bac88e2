//! What one column holds: storage classes, ranges, lengths, and which exact mappings every value allows.

use outgrow_shared::value::{Class, Value};

use crate::plan::decimal::{DecimalShape, declared_numeric, is_exact_as_double, numeric_affinity, shape_of};
use crate::plan::policy::ValueKind;
use crate::plan::text_time::{TimestampFormat, parse_day};
use crate::source::catalog::Column;

/// Rows named as examples of each class; a person looks at no more.
const SAMPLES_MAX: usize = 3;

/// Counts over all values of one column.
#[derive(Debug, Clone)]
pub struct ColumnCensus {
    counts: [u64; Class::ALL.len()],
    samples: [Vec<String>; Class::ALL.len()],
    /// Smallest and largest INTEGER.
    pub integers: Option<(i64, i64)>,
    /// INTEGERs that are neither 0 nor 1.
    pub integers_not_boolean: u64,
    /// INTEGERs that binary64 cannot hold exactly.
    pub integers_beyond_double: u64,
    /// REALs that NUMERIC affinity would give back as INTEGER.
    pub reals_whole: u64,
    /// The decimal shape of all numbers; none unless the declared type is a decimal, or once a number has none.
    pub decimals: Option<DecimalShape>,
    /// TEXTs that hold NUL, which Postgres cannot store in text.
    pub texts_with_nul: u64,
    /// Rows that hold such a text.
    pub nul_samples: Vec<String>,
    /// Longest TEXT or BLOB in bytes.
    pub length_max_bytes: u64,
    /// Bytes of all values together, numbers counted as eight.
    pub total_bytes: u64,
    timestamps: Vec<TimestampFormat>,
    dates: bool,
    scratch: String,
}

impl ColumnCensus {
    /// Nothing counted yet. What the declared type does not ask for is not tried on the values.
    pub fn new(column: &Column) -> Self {
        let upper = column.declared_type.to_ascii_uppercase();
        let temporal = upper.contains("DATE") || upper.contains("TIME");
        Self {
            counts: [0; Class::ALL.len()],
            samples: std::array::from_fn(|_| Vec::new()),
            integers: None,
            integers_not_boolean: 0,
            integers_beyond_double: 0,
            reals_whole: 0,
            decimals: declared_numeric(&column.declared_type).map(|_| DecimalShape::default()),
            texts_with_nul: 0,
            nul_samples: Vec::new(),
            length_max_bytes: 0,
            total_bytes: 0,
            timestamps: if temporal {
                TimestampFormat::all().collect()
            } else {
                Vec::new()
            },
            dates: temporal,
            scratch: String::new(),
        }
    }

    /// Counts one value; `key` names its row and is asked only for the first few of a class.
    pub fn count(&mut self, value: &Value<'_>, key: impl Fn() -> String) {
        let class = value.class() as usize;
        self.counts[class] += 1;
        if self.samples[class].len() < SAMPLES_MAX {
            self.samples[class].push(key());
        }
        match value {
            Value::Null => {}
            Value::Integer(integer) => self.count_integer(*integer),
            Value::Real(real) => self.count_real(*real),
            Value::Text(text) => self.count_text(text, key),
            Value::Blob(bytes) | Value::RawText(bytes) => self.count_length(bytes.len()),
        }
    }

    fn count_integer(&mut self, integer: i64) {
        self.total_bytes += 8;
        self.integers = Some(match self.integers {
            None => (integer, integer),
            Some((low, high)) => (low.min(integer), high.max(integer)),
        });
        self.integers_not_boolean += u64::from(!(0..=1).contains(&integer));
        self.integers_beyond_double += u64::from(!is_exact_as_double(integer));
        self.count_decimal(&Value::Integer(integer));
    }

    fn count_real(&mut self, real: f64) {
        self.total_bytes += 8;
        self.reals_whole += u64::from(matches!(numeric_affinity(real), Value::Integer(_)));
        self.count_decimal(&Value::Real(real));
    }

    fn count_decimal(&mut self, number: &Value<'_>) {
        if let Some(shape) = self.decimals {
            self.decimals = shape_of(number, &mut self.scratch).map(|own| shape.or(own));
        }
    }

    fn count_text(&mut self, text: &str, key: impl Fn() -> String) {
        self.count_length(text.len());
        if text.as_bytes().contains(&0) {
            self.texts_with_nul += 1;
            if self.nul_samples.len() < SAMPLES_MAX {
                self.nul_samples.push(key());
            }
        }
        if !self.timestamps.is_empty() {
            self.timestamps.retain(|format| format.parse(text).is_some());
        }
        self.dates = self.dates && parse_day(text).is_some();
    }

    fn count_length(&mut self, length: usize) {
        let length = length as u64;
        self.total_bytes += length;
        self.length_max_bytes = self.length_max_bytes.max(length);
    }

    /// Values of this class.
    pub fn of_class(&self, class: Class) -> u64 {
        self.counts[class as usize]
    }

    /// Values of this kind.
    pub fn of_kind(&self, kind: ValueKind) -> u64 {
        match kind {
            ValueKind::TextNul => self.texts_with_nul,
            ValueKind::Text => self.of_class(Class::Text) - self.texts_with_nul,
            _ => self.of_class(kind.class()),
        }
    }

    /// The first rows that hold a value of this kind; for texts these may be ones with NUL.
    pub fn samples_of_kind(&self, kind: ValueKind) -> &[String] {
        match kind {
            ValueKind::TextNul => &self.nul_samples,
            _ => self.samples(kind.class()),
        }
    }

    /// The first rows that hold a value of this class.
    pub fn samples(&self, class: Class) -> &[String] {
        &self.samples[class as usize]
    }

    /// The classes other than NULL that occur.
    pub fn classes(&self) -> Vec<Class> {
        Class::ALL
            .into_iter()
            .filter(|c| *c != Class::Null && self.of_class(*c) > 0)
            .collect()
    }

    /// The timestamp format that every TEXT has, if the declared type speaks of time.
    pub fn timestamp_format(&self) -> Option<TimestampFormat> {
        self.timestamps
            .first()
            .copied()
            .filter(|_| self.of_class(Class::Text) > 0)
    }

    /// Whether every TEXT is a date, if the declared type speaks of time.
    pub fn all_dates(&self) -> bool {
        self.dates && self.of_class(Class::Text) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::text_time::Zone;
    use crate::source::ddl::Affinity;

    fn census(declared_type: &str, values: &[Value<'_>]) -> ColumnCensus {
        let column = Column {
            name: "c".into(),
            declared_type: declared_type.into(),
            affinity: Affinity::Blob,
            not_null: false,
            default_sql: None,
            generated: false,
        };
        let mut census = ColumnCensus::new(&column);
        for (row, value) in values.iter().enumerate() {
            census.count(value, || format!("row {row}"));
        }
        census
    }

    #[test]
    fn classes_ranges_and_samples() {
        let seen = census(
            "",
            &[
                Value::Integer(-5),
                Value::Integer(9),
                Value::Text("x"),
                Value::Null,
            ],
        );
        assert_eq!(seen.classes(), [Class::Integer, Class::Text]);
        assert_eq!(seen.integers, Some((-5, 9)));
        assert_eq!(seen.integers_not_boolean, 2);
        assert_eq!(seen.samples(Class::Text), ["row 2"]);
        assert_eq!(seen.of_class(Class::Null), 1);
        assert_eq!(seen.total_bytes, 17);
    }

    #[test]
    fn samples_are_few() {
        let seen = census("", &[Value::Null; 10]);
        assert_eq!(seen.samples(Class::Null), ["row 0", "row 1", "row 2"]);
    }

    #[test]
    fn one_odd_text_ends_a_format() {
        let good = [
            Value::Text("2024-01-01 10:00:00.5"),
            Value::Text("2024-01-01 10:00:00"),
        ];
        assert_eq!(census("DATETIME", &good).timestamp_format(), None);
        let same = [Value::Text("2024-01-01T10:00:00Z"), Value::Null];
        let format = census("TIMESTAMP", &same).timestamp_format().unwrap();
        assert_eq!((format.t_separator, format.zone), (true, Zone::Z));
        assert_eq!(census("TEXT", &same).timestamp_format(), None);
        assert!(census("DATE", &[Value::Text("2024-02-29")]).all_dates());
        assert!(!census("DATE", &[Value::Text("2023-02-29")]).all_dates());
        assert!(!census("DATE", &[Value::Null]).all_dates());
    }

    #[test]
    fn what_a_decimal_column_cannot_give_back_shows() {
        let seen = census("DECIMAL(5,2)", &[Value::Real(1.25), Value::Integer(100)]);
        assert!(seen.decimals.unwrap().fits(5, 2));
        assert_eq!(seen.reals_whole, 0);
        let odd = census("DECIMAL(5,2)", &[Value::Real(2.0), Value::Real(f64::INFINITY)]);
        assert_eq!((odd.decimals, odd.reals_whole), (None, 1));
        assert_eq!(census("", &[Value::Real(-0.0)]).reals_whole, 1);
        assert_eq!(census("", &[Value::Integer(i64::MAX)]).integers_beyond_double, 1);
    }

    #[test]
    fn nul_is_seen() {
        let seen = census("TEXT", &[Value::Text("a"), Value::Text("a\0b")]);
        assert_eq!(
            (seen.texts_with_nul, seen.nul_samples.as_slice()),
            (1, &["row 1".to_owned()][..])
        );
    }
}
