//! How wide rows are: their bytes, and whether they can fit a page of Postgres once long values are moved out.
//!
//! A row must fit one page of 8 KiB. Postgres moves long values out of it and leaves 18 bytes each, but it
//! moves nothing of up to 24 bytes, so a table of very many columns can hold rows that it refuses.

use outgrow_shared::value::Value;

/// `MaxHeapTupleSize` of the usual page of 8 KiB, header included.
const TUPLE_BYTES_MAX: u64 = 8160;
/// Header of a tuple without its bitmap of NULLs.
const TUPLE_HEADER_BYTES: u64 = 23;
/// What stays of a value that was moved out.
const TOAST_POINTER_BYTES: u64 = 18;
/// A value is moved out only beyond this size, its header of one byte included.
const TOASTED_BEYOND_BYTES: u64 = 24;
/// Bytes of all values of a row that one message to the server can carry.
const ROW_BYTES_MAX: u64 = 1_000_000_000;
/// Rows named as examples; a person looks at no more.
const SAMPLES_MAX: usize = 3;

/// Widths of the rows of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowWidths {
    /// Bytes of the values of the largest row: numbers count as eight, NULL as none, others by their length.
    pub row_bytes_max: u64,
    /// The largest row.
    pub row_bytes_max_sample: Option<String>,
    /// Rows whose values have more than 1,000,000,000 bytes together.
    pub rows_beyond_gigabyte: u64,
    /// The widest row as a tuple of Postgres, in bytes; none where the table has too few columns for any row to
    /// be too wide. An estimate from below: its header, 8 bytes for a number, nothing for NULL, 18 bytes for a
    /// text or blob that can be moved out, else its length and one; what alignment adds is left out.
    pub row_width_max_bytes: Option<u64>,
    /// Rows for which that estimate exceeds the 8160 bytes of a page: Postgres refuses them.
    pub rows_too_wide: u64,
    /// The first of them.
    pub too_wide_samples: Vec<String>,
}

impl RowWidths {
    /// No row yet, of a table with this many stored columns.
    pub(super) fn new(columns: usize) -> Self {
        let widest = header_bytes(columns) + columns as u64 * TOASTED_BEYOND_BYTES;
        Self {
            row_width_max_bytes: (widest > TUPLE_BYTES_MAX).then_some(0),
            ..Self::default()
        }
    }

    /// Counts a row by the bytes of its values.
    pub(super) fn count_bytes(&mut self, bytes: u64, key: impl Fn() -> String) {
        if bytes > self.row_bytes_max {
            // Every new maximum is longer than the last, so there are fewer of them than the square root of
            // all bytes.
            self.row_bytes_max = bytes;
            self.row_bytes_max_sample = Some(key());
            self.rows_beyond_gigabyte += u64::from(bytes > ROW_BYTES_MAX);
        } else if bytes > ROW_BYTES_MAX {
            self.rows_beyond_gigabyte += 1;
        }
    }

    /// Whether rows of this table can be too wide at all.
    pub(super) fn wants_widths(&self) -> bool {
        self.row_width_max_bytes.is_some()
    }

    /// Counts a row by the values it has.
    pub(super) fn count_width<'a>(
        &mut self,
        values: impl ExactSizeIterator<Item = Value<'a>>,
        key: impl Fn() -> String,
    ) {
        let header = header_bytes(values.len());
        let width = header + values.map(|value| value_width(&value)).sum::<u64>();
        self.row_width_max_bytes = self.row_width_max_bytes.max(Some(width));
        if width > TUPLE_BYTES_MAX {
            self.rows_too_wide += 1;
            if self.too_wide_samples.len() < SAMPLES_MAX {
                self.too_wide_samples.push(key());
            }
        }
    }
}

/// The header with its bitmap, rounded up to the alignment of what follows.
fn header_bytes(columns: usize) -> u64 {
    (TUPLE_HEADER_BYTES + (columns as u64).div_ceil(8)).next_multiple_of(8)
}

fn value_width(value: &Value<'_>) -> u64 {
    match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 8,
        Value::Text(_) | Value::Blob(_) | Value::RawText(_) => {
            let with_header = value_bytes(value) + 1;
            if with_header > TOASTED_BEYOND_BYTES {
                TOAST_POINTER_BYTES
            } else {
                with_header
            }
        }
    }
}

/// Bytes of a value; a number counts as eight.
pub(super) fn value_bytes(value: &Value<'_>) -> u64 {
    match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 8,
        Value::Text(text) => text.len() as u64,
        Value::Blob(bytes) | Value::RawText(bytes) => bytes.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(values: &[Value<'_>]) -> RowWidths {
        let mut widths = RowWidths::new(values.len());
        if widths.wants_widths() {
            widths.count_width(values.iter().copied(), || "row".to_owned());
        }
        widths
    }

    #[test]
    fn few_columns_are_never_too_wide() {
        // 32 + 338 * 24 = 8144, and one more column is beyond the page in the worst case.
        assert_eq!(header_bytes(335), 72);
        assert_eq!(RowWidths::new(336).row_width_max_bytes, None);
        assert_eq!(RowWidths::new(338).row_width_max_bytes, Some(0));
    }

    #[test]
    fn what_postgres_refuses_is_counted() {
        // 1100 bigint and 500 long texts are known to be refused.
        assert_eq!(widths(&[Value::Integer(1); 1100]).rows_too_wide, 1);
        assert_eq!(widths(&[Value::Text(&"x".repeat(96)); 500]).rows_too_wide, 1);
        let fits = widths(&[Value::Integer(1); 1000]);
        assert_eq!(
            (fits.rows_too_wide, fits.row_width_max_bytes),
            (0, Some(8000 + 152))
        );
        let exact = [&[Value::Integer(1); 1001][..], &[Value::Null; 99]].concat();
        // A header of 168 with 1100 columns, and 8008 of values.
        assert_eq!(widths(&exact).rows_too_wide, 1);
        assert_eq!(widths(&exact[2..]).rows_too_wide, 0);
        assert_eq!(widths(&[Value::Null; 1600]).rows_too_wide, 0);
    }

    #[test]
    fn short_values_stay_in_the_row() {
        assert_eq!(value_width(&Value::Text(&"x".repeat(23))), 24);
        assert_eq!(value_width(&Value::Text(&"x".repeat(24))), 18);
        assert_eq!(value_width(&Value::Blob(&[])), 1);
    }

    #[test]
    fn largest_rows_are_named() {
        let mut widths = RowWidths::new(1);
        for (row, bytes) in [5, 9, 9, ROW_BYTES_MAX, ROW_BYTES_MAX + 1, ROW_BYTES_MAX + 1]
            .into_iter()
            .enumerate()
        {
            widths.count_bytes(bytes, || format!("row {row}"));
        }
        assert_eq!(widths.row_bytes_max_sample.as_deref(), Some("row 4"));
        assert_eq!(
            (widths.row_bytes_max, widths.rows_beyond_gigabyte),
            (ROW_BYTES_MAX + 1, 2)
        );
    }
}
