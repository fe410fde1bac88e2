//! How a number that may not be finite travels through JSON.
//!
//! JSON has no NaN, and a `null` would turn "measured, but nonsense" into "not measured". Finite numbers stay
//! numbers; the others are the strings `"NaN"`, `"+Inf"` and `"-Inf"`, as Prometheus' own HTTP API writes them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Finite(f64),
    Other(String),
}

pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        to.serialize_f64(*value)
    } else if value.is_nan() {
        to.serialize_str("NaN")
    } else if *value > 0.0 {
        to.serialize_str("+Inf")
    } else {
        to.serialize_str("-Inf")
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    match Written::deserialize(from)? {
        Written::Finite(value) => Ok(value),
        Written::Other(text) => match text.as_str() {
            "NaN" => Ok(f64::NAN),
            "+Inf" | "Inf" => Ok(f64::INFINITY),
            "-Inf" => Ok(f64::NEG_INFINITY),
            _ => Err(serde::de::Error::custom(format!(
                "`{text}` is no number; the only words allowed are NaN, +Inf and -Inf"
            ))),
        },
    }
}

/// The same for a number that may be absent.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Number(#[serde(with = "super")] f64);

    pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        value.map(Number).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Number>::deserialize(from)?.map(|number| number.0))
    }
}
