//! What one column holds: storage classes, ranges, lengths, and which exact mappings every value allows.
//!
//! Counting a value touches plain fields only; the row's key is asked for only where it is kept.

use outgrow_shared::value::{Class, Value};

use super::casting::{CastCount, ZoneCount};
use super::decimal;
use super::json::Json;
use super::numbers;
use super::text_shape::{NumberText, TextShape, TextShapes};
use super::time_text::{TimeText, TimeTexts};
use super::trial::Refused;
use crate::plan::decimal::{DecimalShape, declared_numeric, is_exact_as_double, numeric_affinity};
use crate::plan::epoch::EpochUnit;
use crate::plan::policy::ValueKind;
use crate::plan::text_time::TimestampFormat;
use crate::source::catalog::Column;

/// Rows named as examples of each class; a person looks at no more.
const SAMPLES_MAX: usize = 3;

/// Bytes of a UUID that is stored as BLOB.
const UUID_BYTES: usize = 16;

/// Counts over all values of one column.
#[derive(Debug, Clone)]
pub struct ColumnCensus {
    counts: [u64; Class::ALL.len()],
    samples: [Vec<String>; Class::ALL.len()],
    /// Smallest and largest INTEGER.
    pub integers: Option<(i64, i64)>,
    /// INTEGERs that are 0.
    pub integers_zero: u64,
    /// INTEGERs that are neither 0 nor 1.
    pub integers_not_boolean: u64,
    /// INTEGERs that binary64 cannot hold exactly.
    pub integers_beyond_double: u64,
    smallest_not_zero: i64,
    /// Smallest and largest finite REAL.
    pub reals: Option<(f64, f64)>,
    /// REALs that NUMERIC affinity would give back as INTEGER.
    pub reals_whole: u64,
    /// REALs that are infinite.
    pub reals_infinite: u64,
    /// Rows that hold such a REAL.
    pub infinite_samples: Vec<String>,
    /// REALs that are -0.0.
    pub reals_negative_zero: u64,
    /// The decimal shape of all numbers; none unless the declared type is a decimal, or once a number has none.
    pub decimals: Option<DecimalShape>,
    decimal_scale: u16,
    /// TEXTs that hold NUL, which Postgres cannot store in text.
    pub texts_with_nul: u64,
    /// Rows that hold such a text.
    pub nul_samples: Vec<String>,
    /// TEXTs without a character.
    pub texts_empty: u64,
    /// TEXTs that read as a whole number within 64 bits.
    pub texts_integer: u64,
    /// TEXTs that read as a decimal number, those above included.
    pub texts_decimal: u64,
    /// Shortest and longest TEXT in bytes.
    pub text_lengths_bytes: Option<(u64, u64)>,
    /// Bytes of all TEXTs together.
    pub text_bytes: u64,
    /// BLOBs of exactly 16 bytes, as UUIDs are.
    pub blobs_of_16_bytes: u64,
    /// Longest TEXT or BLOB in bytes.
    pub length_max_bytes: u64,
    /// The first row that holds it.
    pub length_max_sample: Option<String>,
    /// What the mapping that its owner chose would not keep; none where none was chosen.
    pub refused: Option<Refused>,
    /// How the values fare with each cast that was tried, in the order of the trial; empty where none was.
    pub casts: Vec<CastCount>,
    /// Timestamps in TEXT by whether they state their zone, where such a cast was tried.
    pub zones: ZoneCount,
    /// Bytes of all values together, numbers counted as eight.
    pub total_bytes: u64,
    shapes: TextShapes,
    json: Option<JsonTexts>,
    times: Option<Box<TimeTexts>>,
    scratch: String,
}

/// What is known of a column whose texts are all JSON objects or arrays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonTexts {
    /// Texts that `json` takes and `jsonb` refuses: `\u0000`, half a surrogate pair, or a number beyond `numeric`.
    pub unfit_for_jsonb: u64,
    /// The first rows that hold one.
    pub unfit_samples: Vec<String>,
}

impl ColumnCensus {
    /// Nothing counted yet. What the declared type does not ask for is not tried on the values.
    pub fn new(column: &Column) -> Self {
        let upper = column.declared_type.to_ascii_uppercase();
        let temporal = upper.contains("DATE") || upper.contains("TIME");
        let decimal = declared_numeric(&column.declared_type);
        Self {
            counts: [0; Class::ALL.len()],
            samples: std::array::from_fn(|_| Vec::new()),
            integers: None,
            integers_zero: 0,
            integers_not_boolean: 0,
            integers_beyond_double: 0,
            smallest_not_zero: i64::MAX,
            reals: None,
            reals_whole: 0,
            reals_infinite: 0,
            infinite_samples: Vec::new(),
            reals_negative_zero: 0,
            decimals: decimal.map(|_| DecimalShape::default()),
            decimal_scale: decimal.map_or(0, |(_, scale)| scale),
            texts_with_nul: 0,
            nul_samples: Vec::new(),
            texts_empty: 0,
            texts_integer: 0,
            texts_decimal: 0,
            text_lengths_bytes: None,
            text_bytes: 0,
            blobs_of_16_bytes: 0,
            length_max_bytes: 0,
            length_max_sample: None,
            refused: None,
            casts: Vec::new(),
            zones: ZoneCount::default(),
            total_bytes: 0,
            shapes: TextShapes::ALL,
            json: Some(JsonTexts::default()),
            times: temporal.then(Box::default),
            scratch: String::new(),
        }
    }

    /// Counts one value; `key` names its row and is asked only for the few rows that are kept as examples.
    #[inline]
    pub fn count(&mut self, value: &Value<'_>, key: impl Fn() -> String) {
        let class = value.class() as usize;
        self.counts[class] += 1;
        if self.samples[class].len() < SAMPLES_MAX {
            self.samples[class].push(key());
        }
        match value {
            Value::Null => {}
            Value::Integer(integer) => self.count_integer(*integer),
            Value::Real(real) => self.count_real(*real, key),
            Value::Text(text) => self.count_text(text, key),
            Value::Blob(bytes) => {
                self.blobs_of_16_bytes += u64::from(bytes.len() == UUID_BYTES);
                self.count_length(bytes.len(), key);
            }
            Value::RawText(bytes) => self.count_length(bytes.len(), key),
        }
    }

    fn count_integer(&mut self, integer: i64) {
        self.total_bytes += 8;
        self.integers = Some(match self.integers {
            None => (integer, integer),
            Some((low, high)) => (low.min(integer), high.max(integer)),
        });
        if integer == 0 {
            self.integers_zero += 1;
        } else {
            self.smallest_not_zero = self.smallest_not_zero.min(integer);
            self.integers_not_boolean += u64::from(integer != 1);
        }
        self.integers_beyond_double += u64::from(!is_exact_as_double(integer));
        self.count_decimal(&Value::Integer(integer));
    }

    fn count_real(&mut self, real: f64, key: impl Fn() -> String) {
        self.total_bytes += 8;
        if real.is_finite() {
            self.reals = Some(match self.reals {
                None => (real, real),
                Some((low, high)) => (low.min(real), high.max(real)),
            });
            self.reals_whole += u64::from(matches!(numeric_affinity(real), Value::Integer(_)));
            self.reals_negative_zero += u64::from(real == 0.0 && real.is_sign_negative());
        } else {
            self.reals_infinite += 1;
            keep(&mut self.infinite_samples, key);
        }
        self.count_decimal(&Value::Real(real));
    }

    fn count_decimal(&mut self, number: &Value<'_>) {
        if let Some(shape) = self.decimals {
            let own = decimal::shape(number, self.decimal_scale, &mut self.scratch);
            self.decimals = own.map(|own| shape.or(own));
        }
    }

    fn count_text(&mut self, text: &str, key: impl Fn() -> String) {
        let length = text.len() as u64;
        self.text_bytes += length;
        self.text_lengths_bytes = Some(match self.text_lengths_bytes {
            None => (length, length),
            Some((shortest, longest)) => (shortest.min(length), longest.max(length)),
        });
        self.texts_empty += u64::from(text.is_empty());
        if memchr::memchr(0, text.as_bytes()).is_some() {
            self.texts_with_nul += 1;
            keep(&mut self.nul_samples, &key);
        }
        match NumberText::of(text) {
            NumberText::Not => {}
            NumberText::Decimal => self.texts_decimal += 1,
            NumberText::Integer => {
                self.texts_decimal += 1;
                self.texts_integer += 1;
            }
        }
        self.shapes.narrow(text);
        if let Some(texts) = &mut self.json {
            match Json::of(text) {
                None => self.json = None,
                Some(Json { fits_jsonb: true }) => {}
                Some(Json { fits_jsonb: false }) => {
                    texts.unfit_for_jsonb += 1;
                    keep(&mut texts.unfit_samples, &key);
                }
            }
        }
        if let Some(times) = &mut self.times {
            times.count(text, &key);
        }
        self.count_length(text.len(), key);
    }

    fn count_length(&mut self, length: usize, key: impl Fn() -> String) {
        let length = length as u64;
        self.total_bytes += length;
        if length > self.length_max_bytes || self.length_max_sample.is_none() {
            // Every new maximum is longer than the last, so there are fewer of them than the square root of
            // all bytes.
            self.length_max_bytes = length;
            self.length_max_sample = Some(key());
        }
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

    /// The unit in which all INTEGERs but 0 are moments between 1990 and 2100, if there is any such.
    pub fn epoch_unit(&self) -> Option<EpochUnit> {
        let (_, largest) = self.integers?;
        // Nothing but zeros leaves the smallest other integer above all.
        (self.smallest_not_zero <= largest)
            .then(|| numbers::epoch_unit(self.smallest_not_zero, largest))
            .flatten()
    }

    /// Whether there are INTEGERs and all of them fit `integer`.
    pub fn integers_fit_int4(&self) -> bool {
        self.integers
            .is_some_and(|(low, high)| i32::try_from(low).is_ok() && i32::try_from(high).is_ok())
    }

    /// Whether there are INTEGERs and all of them fit `smallint`.
    pub fn integers_fit_int2(&self) -> bool {
        self.integers
            .is_some_and(|(low, high)| i16::try_from(low).is_ok() && i16::try_from(high).is_ok())
    }

    /// Whether there are REALs and all of them are Julian days between 1990 and 2100.
    pub fn reals_are_julian_days(&self) -> bool {
        self.all_finite(numbers::are_julian_days)
    }

    /// Whether there are REALs and all of them are seconds since 1970 between 1990 and 2100.
    pub fn reals_are_epoch_seconds(&self) -> bool {
        self.all_finite(numbers::are_epoch_seconds)
    }

    fn all_finite(&self, within: fn(f64, f64) -> bool) -> bool {
        self.reals_infinite == 0 && self.reals.is_some_and(|(low, high)| within(low, high))
    }

    /// Whether there are TEXTs and all of them have this shape.
    pub fn texts_are(&self, shape: TextShape) -> bool {
        self.of_class(Class::Text) > 0 && self.shapes.has(shape)
    }

    /// What is known of its JSON, if there are TEXTs and all of them are JSON objects or arrays.
    pub fn json(&self) -> Option<&JsonTexts> {
        self.json.as_ref().filter(|_| self.of_class(Class::Text) > 0)
    }

    /// What its TEXTs look like, if the declared type speaks of time.
    pub fn time_texts(&self) -> Option<&TimeTexts> {
        self.times.as_deref()
    }

    /// The timestamp format that every TEXT has, if the declared type speaks of time.
    pub fn timestamp_format(&self) -> Option<TimestampFormat> {
        match self.time_texts()?.only()? {
            TimeText::Timestamp(format) => Some(format),
            _ => None,
        }
    }

    /// Whether every TEXT is a date, if the declared type speaks of time.
    pub fn all_dates(&self) -> bool {
        self.time_texts().and_then(TimeTexts::only) == Some(TimeText::Date)
    }
}

/// Keeps the row's key while there are few.
fn keep(samples: &mut Vec<String>, key: impl Fn() -> String) {
    if samples.len() < SAMPLES_MAX {
        samples.push(key());
    }
}

#[cfg(test)]
#[path = "column_tests.rs"]
mod tests;
