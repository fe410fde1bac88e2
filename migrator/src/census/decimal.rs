//! The decimal shape of a number without writing it out, where that is possible.
//!
//! `plan::decimal::shape_of` is the rule; this is the same answer for the numbers that decimal columns hold,
//! and a property test holds both together.

use outgrow_shared::value::Value;

use crate::plan::decimal::{DecimalShape, shape_of};

/// Decimals of so few digits and binary64 are one-to-one, so the one that is found is the shortest.
const DIGITS_MAX: u64 = 1_000_000_000_000_000;

/// Powers of ten that binary64 holds exactly, as far as they are of use here.
const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// The shape of a decimal column's number; `scale` is the column's, and only a guess at the number's own.
pub(super) fn shape(number: &Value<'_>, scale: u16, scratch: &mut String) -> Option<DecimalShape> {
    let quick = match number {
        Value::Integer(integer) => Some(DecimalShape {
            integer_digits: digits(integer.unsigned_abs()),
            fraction_digits: 0,
        }),
        Value::Real(real) => of_real(real.abs(), scale),
        _ => None,
    };
    quick.or_else(|| shape_of(number, scratch))
}

fn of_real(real: f64, scale: u16) -> Option<DecimalShape> {
    let power = POWERS.get(usize::from(scale))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float to integer cast saturates, and what is not the same number afterwards is refused"
    )]
    let mut scaled = (real * power + 0.5) as u64;
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    // Both are exact, so the quotient is what parsing the decimal gives.
    let same = scaled < DIGITS_MAX && (scaled as f64 / power).to_bits() == real.to_bits();
    if !same {
        return None;
    }
    let mut fraction_digits = u32::from(scale);
    while fraction_digits > 0 && scaled.is_multiple_of(10) {
        scaled /= 10;
        fraction_digits -= 1;
    }
    Some(DecimalShape {
        integer_digits: digits(scaled).saturating_sub(fraction_digits),
        fraction_digits,
    })
}

fn digits(number: u64) -> u32 {
    number.checked_ilog10().map_or(0, |log| log + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agrees(value: Value<'_>, scale: u16) {
        let mut scratch = String::new();
        let expected = shape_of(&value, &mut scratch);
        assert_eq!(
            shape(&value, scale, &mut scratch),
            expected,
            "{value} at scale {scale}"
        );
    }

    #[test]
    fn known_numbers() {
        for scale in [0, 2, 5, 15, 16, 1000] {
            for integer in [0, 1, -9, 10, 999, i64::MIN, i64::MAX] {
                agrees(Value::Integer(integer), scale);
            }
            let reals = [
                0.0,
                -0.0,
                0.05,
                0.1 + 0.2,
                1e15,
                1e22,
                999_999_999_999_999.0,
                123.45,
                -9_999_999.99,
                5e-324,
                f64::MAX,
                f64::INFINITY,
            ];
            for real in reals {
                agrees(Value::Real(real), scale);
            }
        }
    }

    proptest! {
        #[test]
        fn any_number(real in any::<f64>(), cents in any::<i64>(), scale in 0_u16..20) {
            prop_assume!(!real.is_nan());
            agrees(Value::Real(real), scale);
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            agrees(Value::Real(cents as f64 / 100.0), scale);
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            agrees(Value::Real((cents % 1_000_000_000) as f64 / 1000.0), scale);
            agrees(Value::Integer(cents), scale);
        }
    }
}
