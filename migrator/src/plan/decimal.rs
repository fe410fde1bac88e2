//! Numbers as decimals: which of them a `numeric(precision, scale)` column gives back exactly.
//!
//! A REAL is written as the shortest decimal that reads back to the same bits. SQLite stores a whole REAL in
//! a NUMERIC column as INTEGER, so on the way back a whole number is an INTEGER again; the census checks that
//! this holds for every value.

use std::fmt::Write;

use outgrow_shared::value::Value;

/// Integers beyond this lose bits as binary64.
const DOUBLE_EXACT_MAX: u64 = 1 << 53;

/// The digits a number needs on both sides of its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DecimalShape {
    /// Digits before the point, leading zeros not counted.
    pub integer_digits: u32,
    /// Digits after the point.
    pub fraction_digits: u32,
}

impl DecimalShape {
    /// The shape that holds both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            integer_digits: self.integer_digits.max(other.integer_digits),
            fraction_digits: self.fraction_digits.max(other.fraction_digits),
        }
    }

    /// Whether `numeric(precision, scale)` holds such numbers without rounding.
    pub fn fits(self, precision: u16, scale: u16) -> bool {
        let before = u32::from(precision.saturating_sub(scale));
        self.integer_digits <= before && self.fraction_digits <= u32::from(scale)
    }
}

/// The shape of a finite number's shortest decimal, which is left in `text`; `None` for anything else.
pub fn shape_of(value: &Value<'_>, text: &mut String) -> Option<DecimalShape> {
    write_decimal(value, text)?;
    let unsigned = text.trim_start_matches('-');
    let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let integer = integer.trim_start_matches('0');
    Some(DecimalShape {
        integer_digits: u32::try_from(integer.len()).ok()?,
        fraction_digits: u32::try_from(fraction.len()).ok()?,
    })
}

/// Writes the shortest decimal of a finite number, without an exponent.
pub fn write_decimal(value: &Value<'_>, text: &mut String) -> Option<()> {
    text.clear();
    match value {
        Value::Integer(i) => write!(text, "{i}").ok(),
        // Rust's Display of f64 is the shortest text that reads back to the same bits.
        Value::Real(r) if r.is_finite() => write!(text, "{r}").ok(),
        _ => None,
    }
}

/// What a number without a class of its own comes back as: whole and within 64 bits as INTEGER, as NUMERIC
/// affinity stores it, otherwise as REAL.
pub fn numeric_affinity(number: f64) -> Value<'static> {
    // Both bounds are exact in binary64; 2^63 itself is not an i64.
    let in_range = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    // There and back is a conversion each; a rounding function would be a call for every value.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "what is cut off or lost shows in the comparison"
    )]
    let (whole, is_whole) = (number as i64, number as i64 as f64 == number);
    if in_range && is_whole {
        Value::Integer(whole)
    } else {
        Value::Real(number)
    }
}

/// Whether binary64 holds the integer exactly.
pub fn is_exact_as_double(integer: i64) -> bool {
    integer.unsigned_abs() <= DOUBLE_EXACT_MAX
}

/// `precision` and `scale` of a declared type such as `DECIMAL(10, 2)`, if Postgres has that type.
pub fn declared_numeric(declared_type: &str) -> Option<(u16, u16)> {
    let (name, rest) = declared_type.split_once('(')?;
    let name = name.trim().to_ascii_uppercase();
    if name != "DECIMAL" && name != "NUMERIC" && name != "DEC" {
        return None;
    }
    let (inside, after) = rest.split_once(')')?;
    if !after.trim().is_empty() {
        return None;
    }
    let (precision, scale) = inside.split_once(',').unwrap_or((inside, "0"));
    let precision = precision.trim().parse().ok().filter(|p| (1..=1000).contains(p))?;
    let scale = scale.trim().parse().ok().filter(|s| *s <= precision)?;
    Some((precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(value: Value<'_>) -> Option<(u32, u32)> {
        shape_of(&value, &mut String::new()).map(|s| (s.integer_digits, s.fraction_digits))
    }

    #[test]
    fn shapes() {
        assert_eq!(shape(Value::Integer(0)), Some((0, 0)));
        assert_eq!(shape(Value::Integer(i64::MIN)), Some((19, 0)));
        assert_eq!(shape(Value::Real(0.99)), Some((0, 2)));
        assert_eq!(shape(Value::Real(-12.5)), Some((2, 1)));
        assert_eq!(shape(Value::Real(0.1 + 0.2)), Some((0, 17)));
        assert_eq!(shape(Value::Real(1e22)), Some((23, 0)));
        assert_eq!(shape(Value::Real(f64::INFINITY)), None);
        assert_eq!(shape(Value::Text("1")), None);
    }

    #[test]
    fn fitting_counts_both_sides() {
        let shape = DecimalShape {
            integer_digits: 8,
            fraction_digits: 2,
        };
        assert!(shape.fits(10, 2));
        assert!(!shape.fits(9, 2));
        assert!(!shape.fits(10, 1));
        assert!(!shape.fits(10, 3));
    }

    #[test]
    fn declarations() {
        assert_eq!(declared_numeric("DECIMAL(10,2)"), Some((10, 2)));
        assert_eq!(declared_numeric("numeric( 5 )"), Some((5, 0)));
        assert_eq!(declared_numeric("DECIMAL"), None);
        assert_eq!(declared_numeric("DECIMAL(2,5)"), None);
        assert_eq!(declared_numeric("DECIMAL(1001,5)"), None);
        assert_eq!(declared_numeric("DECIMAL(a)"), None);
        assert_eq!(declared_numeric("VARCHAR(10)"), None);
    }

    #[test]
    fn numeric_affinity_at_the_edges() {
        assert_eq!(numeric_affinity(-0.0), Value::Integer(0));
        assert_eq!(
            numeric_affinity(9_223_372_036_854_774_784.0),
            Value::Integer(9_223_372_036_854_774_784)
        );
        assert_eq!(
            numeric_affinity(9_223_372_036_854_775_808.0),
            Value::Real(9_223_372_036_854_775_808.0)
        );
        assert_eq!(
            numeric_affinity(-9_223_372_036_854_775_808.0),
            Value::Integer(i64::MIN)
        );
        assert_eq!(numeric_affinity(0.5), Value::Real(0.5));
        assert_eq!(numeric_affinity(f64::INFINITY), Value::Real(f64::INFINITY));
        assert!(is_exact_as_double(1 << 53) && !is_exact_as_double((1 << 53) + 1));
    }
}
