//! Reads the Prometheus text format 0.0.4, and OpenMetrics 1.0 where the two agree.
//!
//! Own code, because no library reads what exporters really send under a license that fits: one splits labels at
//! every comma, even inside quotes, and skips broken lines in silence; one knows no timestamps and no blank
//! lines. A broken line is an error here: half a scrape must not pass for a whole one. Types and help texts are
//! not needed and not kept. Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::BTreeMap;
use std::str::Chars;

use thiserror::Error;

/// One line of a scrape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
    /// Seconds since 1970-01-01 UTC, when the exporter says it.
    pub(super) timestamp_seconds: Option<f64>,
}

impl Sample {
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }
}

/// A line that is not in the format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} is not in the Prometheus text format: {why}")]
pub(super) struct ExpositionError {
    line: usize,
    why: &'static str,
}

/// Reads a whole scrape.
pub(super) fn parse(text: &str) -> Result<Vec<Sample>, ExpositionError> {
    // OpenMetrics must end with this line, and its timestamps are seconds; the older format has milliseconds.
    let ticks_per_second = if text.trim_end().ends_with("# EOF") {
        1.0
    } else {
        1000.0
    };
    let mut samples = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_matches([' ', '\t', '\r']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let sample = parse_sample(line, ticks_per_second);
        samples.push(sample.map_err(|why| ExpositionError { line: index + 1, why })?);
    }
    Ok(samples)
}

fn parse_sample(line: &str, ticks_per_second: f64) -> Result<Sample, &'static str> {
    let (name, rest) = split_name(line, true).ok_or("it does not begin with a metric name")?;
    let rest = rest.trim_start_matches([' ', '\t']);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => parse_labels(inside)?,
        None if rest.len() + name.len() == line.len() => return Err("a space is missing after the name"),
        None => (BTreeMap::new(), rest),
    };
    // An OpenMetrics exemplar follows ` # `; no value or timestamp holds that sign.
    let numbers = rest.split('#').next().unwrap_or_default();
    let mut words = numbers.split_ascii_whitespace();
    let value = words.next().ok_or("the value is missing")?;
    let value = value.parse().map_err(|_| "the value is no number")?;
    let timestamp_seconds = match words.next().map(str::parse::<f64>) {
        None => None,
        Some(Ok(ticks)) if ticks.is_finite() => Some(ticks / ticks_per_second),
        Some(_) => return Err("the timestamp is no number"),
    };
    if words.next().is_some() {
        return Err("something follows the timestamp");
    }
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value,
        timestamp_seconds,
    })
}

/// Splits a metric or label name off; only metric names may hold colons.
fn split_name(text: &str, colons: bool) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let starts_well = name.starts_with(|c: char| !c.is_ascii_digit());
    starts_well.then_some((name, rest))
}

/// Reads labels up to and with the closing brace; a comma after the last one is allowed.
fn parse_labels(mut rest: &str) -> Result<(BTreeMap<String, String>, &str), &'static str> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = split_name(rest, false).ok_or("a label name is missing")?;
        let after = after.trim_start_matches([' ', '\t']);
        let after = after
            .strip_prefix('=')
            .ok_or("`=` is missing after a label name")?;
        let after = after.trim_start_matches([' ', '\t']);
        let quoted = after.strip_prefix('"').ok_or("a label value is not quoted")?;
        let (value, after) = parse_quoted(quoted)?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err("a label is given twice");
        }
        rest = after.trim_start_matches([' ', '\t']);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err("`,` or `}` is missing after a label"),
        }
    }
}

/// Reads a label value behind its opening quote; returns what follows the closing one.
fn parse_quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars: Chars<'_> = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok((value, chars.as_str())),
            '\\' => match chars.next() {
                Some('n') => value.push('\n'),
                Some(escaped @ ('\\' | '"')) => value.push(escaped),
                // Prometheus itself keeps both characters of an escape it does not know.
                Some(other) => value.extend(['\\', other]),
                None => return Err("a label value is not closed"),
            },
            other => value.push(other),
        }
    }
    Err("a label value is not closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(line: &str) -> Sample {
        let mut samples = parse(line).unwrap();
        assert_eq!(samples.len(), 1, "{line}");
        samples.remove(0)
    }

    #[test]
    fn lines_as_exporters_send_them() {
        for (line, name, labels, value, timestamp) in [
            ("up 1", "up", vec![], 1.0, None),
            ("  up\t1  \r", "up", vec![], 1.0, None),
            ("a:b_total{} 2.5", "a:b_total", vec![], 2.5, None),
            ("x{db=\"a\",} +Inf", "x", vec![("db", "a")], f64::INFINITY, None),
            (
                "x{db=\"a\"} -Inf 1500",
                "x",
                vec![("db", "a")],
                f64::NEG_INFINITY,
                Some(1.5),
            ),
            (
                "x { db = \"a,b={}\" , op=\"\" } 1e3",
                "x",
                vec![("db", "a,b={}"), ("op", "")],
                1000.0,
                None,
            ),
            (
                r#"x{db="q\"\\\n\d # {"} 1"#,
                "x",
                vec![("db", "q\"\\\n\\d # {")],
                1.0,
                None,
            ),
            (
                "x_bucket{le=\"+Inf\"} 7 # {id=\"1\"} 0.5",
                "x_bucket",
                vec![("le", "+Inf")],
                7.0,
                None,
            ),
            ("x{db=\"\u{e4}\"}1", "x", vec![("db", "\u{e4}")], 1.0, None),
        ] {
            let sample = one(line);
            assert_eq!(sample.name, name, "{line}");
            let expected = labels
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect();
            assert_eq!(sample.labels, expected, "{line}");
            assert_eq!(sample.value.to_bits(), f64::to_bits(value), "{line}");
            assert_eq!(sample.timestamp_seconds, timestamp, "{line}");
        }
        assert!(one("x NaN").value.is_nan());
        assert_eq!(parse("# TYPE x counter\n\n# any word\nx 1\n").unwrap().len(), 1);
    }

    #[test]
    fn openmetrics_timestamps_are_seconds() {
        let samples = parse("x 1 1500\n# EOF\n").unwrap();
        assert_eq!(samples[0].timestamp_seconds, Some(1500.0));
    }

    #[test]
    fn a_broken_line_is_an_error_with_its_number() {
        for line in [
            "<html>",
            "1x 1",
            "x",
            "x{",
            "x{db}",
            "x{db=a} 1",
            "x{db=\"a} 1",
            "x{db=\"a\" op=\"b\"} 1",
            "x{db=\"a\\",
            "x one",
            "x 1 soon",
            "x 1 2 3",
            "x{db=\"a\",db=\"b\"} 1",
            "x{,} 1",
            "x 1 NaN",
            "x{a:b=\"c\"} 1",
        ] {
            let error = parse(&format!("up 1\n{line}\n")).expect_err(line);
            assert!(error.to_string().starts_with("line 2 is not"), "{line}: {error}");
        }
    }

    fn escape(value: &str) -> String {
        value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ -~\n\t\u{e4}]{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read_back(
            name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,20}",
            labels in prop::collection::btree_map("[a-zA-Z_][a-zA-Z0-9_]{0,8}", any::<String>(), 0..4),
            value in any::<f64>(),
            ticks in prop::option::of(0_u32..2_000_000_000),
        ) {
            // A carriage return ends a line for no exporter, but `\r\n` does for `str::lines`.
            prop_assume!(!labels.values().any(|v| v.contains('\r')));
            let written: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escape(v))).collect();
            let tail = ticks.map(|t| format!(" {t}")).unwrap_or_default();
            let sample = parse(&format!("{name}{{{}}} {value}{tail}\n", written.join(","))).unwrap().remove(0);
            prop_assert_eq!(sample.name, name);
            prop_assert_eq!(sample.labels, labels);
            prop_assert_eq!(sample.value.to_bits(), value.to_bits());
            prop_assert_eq!(sample.timestamp_seconds, ticks.map(|t| f64::from(t) / 1000.0));
        }
    }
}
