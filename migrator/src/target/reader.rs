//! Typed reading of merged parameter values.
//!
//! Every fault names the parameter and where it was set, never its value.

use std::time::Duration;

use super::conninfo::{Origin, Values};
use super::conninfo_error::ConninfoError;

/// Typed access to the values. An empty value means the default, as in libpq.
pub(super) struct Reader<'a> {
    values: &'a Values,
}

impl<'a> Reader<'a> {
    /// Reads these values.
    pub(super) fn new(values: &'a Values) -> Self {
        Self { values }
    }

    /// A value as it is, and where it was set.
    pub(super) fn text(&self, keyword: &str) -> Option<(&'a str, &'a Origin)> {
        let (text, origin) = self.values.get(keyword)?;
        (!text.is_empty()).then_some((text.as_str(), origin))
    }

    /// A value that `parse` accepts.
    pub(super) fn one_of<T>(
        &self,
        keyword: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        expected: &'static str,
    ) -> Result<Option<T>, ConninfoError> {
        let Some((text, origin)) = self.text(keyword) else {
            return Ok(None);
        };
        match parse(text.trim()) {
            Some(value) => Ok(Some(value)),
            None => Err(ConninfoError::BadValue {
                keyword,
                origin: origin.clone(),
                expected,
            }),
        }
    }

    /// Seconds; the inner `None` is libpq's "zero or negative means no limit".
    pub(super) fn seconds(&self, keyword: &'static str) -> Result<Option<Option<Duration>>, ConninfoError> {
        let number = self.one_of(keyword, |text| text.parse::<i32>().ok(), "a whole number")?;
        Ok(number.map(|n| u64::try_from(n).ok().filter(|n| *n > 0).map(Duration::from_secs)))
    }

    /// A comma-separated list, or nothing.
    pub(super) fn list(&self, keyword: &str) -> Vec<&'a str> {
        self.text(keyword)
            .map_or_else(Vec::new, |(text, _)| text.split(',').map(str::trim).collect())
    }

    /// Where a value was set.
    pub(super) fn origin(&self, keyword: &str) -> Origin {
        self.values
            .get(keyword)
            .map_or(Origin::ToOption, |(_, origin)| origin.clone())
    }
}
