//! Which metrics a PromQL expression reads.
//!
//! A scanner, not a parser: Prometheus itself checks the syntax. It knows enough to tell a metric's name from
//! functions, keywords, labels, strings, durations and Grafana's variables.

/// Keywords and aggregation operators of PromQL that look like names.
const KEYWORDS: [&str; 13] = [
    "and",
    "atan2",
    "bool",
    "by",
    "group_left",
    "group_right",
    "ignoring",
    "inf",
    "nan",
    "offset",
    "on",
    "or",
    "unless",
];

/// Keywords that are followed by a list of labels in parentheses.
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// What a histogram adds to its name.
const HISTOGRAM_ENDINGS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// The names of all metrics and recorded series that the expression reads, in their order.
#[must_use]
pub fn metric_names(expression: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = expression;
    let mut after_label_keyword = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' | '`' => string_length(rest, first),
            '{' => selector_length(rest),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            '(' if after_label_keyword => rest.find(')').map_or(rest.len(), |end| end + 1),
            '$' => 1 + name_length(&rest[1..]),
            c if c.is_ascii_digit() => name_length(rest).max(1),
            c if is_name_part(c) => {
                let length = name_length(rest);
                let (name, after) = (&rest[..length], rest[length..].trim_start());
                after_label_keyword = BEFORE_LABELS.contains(&name);
                let called =
                    after.starts_with('(') || BEFORE_LABELS.iter().any(|word| starts_with_word(after, word));
                if !after_label_keyword && !called && !KEYWORDS.contains(&name.to_ascii_lowercase().as_str())
                {
                    names.push(name.to_owned());
                }
                rest = &rest[length..];
                continue;
            }
            c => c.len_utf8(),
        };
        if !first.is_whitespace() {
            after_label_keyword = false;
        }
        rest = &rest[length..];
    }
    names
}

/// The names in `expressions` that are not in `known`; a histogram is known by its name without ending.
#[must_use]
pub fn unknown_metrics<'a>(
    expressions: impl IntoIterator<Item = &'a str>,
    known: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let is_known = |name: &str| {
        let bases = HISTOGRAM_ENDINGS
            .iter()
            .filter_map(|ending| name.strip_suffix(ending));
        std::iter::once(name)
            .chain(bases)
            .any(|base| known.contains(&base))
    };
    let mut unknown: Vec<String> = expressions
        .into_iter()
        .flat_map(metric_names)
        .filter(|name| !is_known(name))
        .collect();
    unknown.sort();
    unknown.dedup();
    unknown
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

fn name_length(text: &str) -> usize {
    text.find(|c| !is_name_part(c)).unwrap_or(text.len())
}

/// Length of the label matchers that `text` starts with, both braces included.
fn selector_length(text: &str) -> usize {
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        at += match first {
            '"' | '\'' | '`' => string_length(&text[at..], first),
            '}' => return at + 1,
            c => c.len_utf8(),
        };
    }
    at
}

/// Length of the string that `text` starts with, both quotes included.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped && quote != '`' => escaped = true,
            c if c == quote && !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|after| after.chars().next().is_none_or(|c| !is_name_part(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expected: &[&str]) {
        assert_eq!(metric_names(expression), expected, "{expression}");
    }

    #[test]
    fn labels_functions_and_keywords_are_no_metrics() {
        check("up", &["up"]);
        check(
            "sum without (status, op) (rate(a_total{status=\"error\"}[5m]))",
            &["a_total"],
        );
        check(
            "sum by(le)(rate(h_bucket[$__rate_interval])) / on (db) group_left b",
            &["h_bucket", "b"],
        );
        check("sum(a) by (x) > bool 1e3 or absent(b offset 5m)", &["a", "b"]);
        check("a:b:c > 0.01 and c unless ignoring(op) d", &["a:b:c", "c", "d"]);
    }

    #[test]
    fn strings_hide_what_is_in_them() {
        check("label_replace(a, \"x\", \"b \\\" c\", \"y\", '(.*)')", &["a"]);
        check("a{path=\"b{c\", q='d'} == $threshold", &["a"]);
        check("a{path=~\"b{2}c\"} * d", &["a", "d"]);
    }

    #[test]
    fn a_histogram_is_known_by_its_base_name_and_nothing_else_is() {
        let found = unknown_metrics(["rate(h_bucket[5m]) / h_sum + g_count", "x"], ["h", "x"]);
        assert_eq!(found, ["g_count"]);
    }
}
