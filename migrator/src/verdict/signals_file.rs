//! Signals from a file: for tests, replay, and numbers that come from elsewhere.
//!
//! The file is the JSON form of [`Signals`]. A misspelt signal would read as "not measured", so every name is
//! checked against the policy.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use outgrow_shared::verdict::{Policy, SIGNALS_SCHEMA_VERSION, Signals};

use super::VerdictError;

/// The name that means standard input.
const STDIN: &str = "-";

/// Reads signals from `path`, or from standard input when it is `-`.
///
/// # Errors
/// When the file cannot be read, is not signals, or names a signal that `policy` does not know.
pub fn read(path: &Path, policy: &Policy) -> Result<Signals, VerdictError> {
    let place = if path.as_os_str() == STDIN {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let text = text_of(path).map_err(|why| VerdictError::Read {
        place: place.clone(),
        why,
    })?;
    parse(&text, &place, policy)
}

fn text_of(path: &Path) -> io::Result<String> {
    if path.as_os_str() == STDIN {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(path)
}

fn parse(text: &str, place: &str, policy: &Policy) -> Result<Signals, VerdictError> {
    let signals: Signals = serde_json::from_str(text).map_err(|why| VerdictError::Parse {
        place: place.to_owned(),
        why,
    })?;
    if signals.schema_version != SIGNALS_SCHEMA_VERSION {
        return Err(VerdictError::Version {
            place: place.to_owned(),
            found: signals.schema_version,
        });
    }
    let triggers = policy.triggers.iter().map(|trigger| trigger.signal.as_str());
    let tunings = policy.tunings.iter().map(|tuning| tuning.signal.as_str());
    let known: Vec<&str> = triggers.chain(tunings).collect();
    let named = signals.measured.keys().chain(signals.absent.keys());
    match named.into_iter().find(|signal| !known.contains(&signal.as_str())) {
        Some(unknown) => Err(VerdictError::UnknownSignal {
            place: place.to_owned(),
            signal: unknown.clone(),
            known: known.join(", "),
        }),
        None => Ok(signals),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Signals, VerdictError> {
        parse(text, "signals.json", &Policy::sqlite_to_postgres())
    }

    #[test]
    fn the_smallest_file() {
        let text = r#"{"schema_version":1,"observed_seconds":300,"age_seconds":0}"#;
        assert!(parsed(text).unwrap().measured.is_empty());
    }

    #[test]
    fn nan_can_be_written() {
        let text = r#"{"schema_version":1,"observed_seconds":300,"age_seconds":0,
            "measured":{"write_error_ratio":{"value":"NaN"}}}"#;
        assert!(parsed(text).unwrap().measured["write_error_ratio"].value.is_nan());
    }

    #[test]
    fn whatever_is_not_signals_is_refused() {
        let with = |measured: &str| {
            format!(
                r#"{{"schema_version":1,"observed_seconds":300,"age_seconds":0,"measured":{{{measured}}}}}"#
            )
        };
        for text in [
            String::new(),
            "[]".to_owned(),
            "{}".to_owned(),
            r#"{"schema_version":1,"observed_seconds":300}"#.to_owned(),
            r#"{"schema_version":2,"observed_seconds":300,"age_seconds":0}"#.to_owned(),
            r#"{"schema_version":1,"observed_seconds":300,"age_seconds":0,"agee":1}"#.to_owned(),
            with(r#""write_eror_ratio":{"value":0.1}"#),
            with(r#""write_error_ratio":{"value":null}"#),
            with(r#""write_error_ratio":{"value":"many"}"#),
            with(r#""write_error_ratio":{"value":1e999}"#),
            with(r#""write_error_ratio":0.1"#),
        ] {
            assert!(parsed(&text).is_err(), "{text}");
        }
        assert!(parsed(&with(r#""write_error_ratio":{"value":0.1}"#)).is_ok());
    }
}
