//! The settings of every session on the target, each with its reason.
//!
//! They are set after login with SET, not as startup options, because poolers refuse unknown startup options.
//! Which of them a server knows is read from `pg_settings`, so that one list serves every version.

/// One setting of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Name of the parameter.
    pub name: &'static str,
    /// Its value; times carry their unit.
    pub value: &'static str,
    /// Why it is set.
    pub reason: &'static str,
    /// When it is set.
    pub condition: Condition,
}

/// When a setting applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// On every supported server.
    Always,
    /// Where the server knows the parameter and the value.
    WhereKnown,
    /// Where the server's own value, in KiB, is smaller.
    WhereSmaller,
}

const fn always(name: &'static str, value: &'static str, reason: &'static str) -> Setting {
    Setting {
        name,
        value,
        reason,
        condition: Condition::Always,
    }
}

const fn where_known(name: &'static str, value: &'static str, reason: &'static str) -> Setting {
    Setting {
        name,
        value,
        reason,
        condition: Condition::WhereKnown,
    }
}

/// The settings, in the order they are made.
pub const SETTINGS: &[Setting] = &[
    always(
        "search_path",
        "pg_catalog, pg_temp",
        "no name resolves to an object that somebody put in a schema; pg_temp last, since unnamed it is first",
    ),
    always("client_encoding", "UTF8", "text travels as SQLite holds it"),
    always(
        "standard_conforming_strings",
        "on",
        "a backslash in a string is a character",
    ),
    always(
        "statement_timeout",
        "0",
        "copying or indexing a large table takes as long as it takes",
    ),
    always(
        "lock_timeout",
        "10s",
        "waiting behind another session's lock is told, not endured",
    ),
    always(
        "idle_in_transaction_session_timeout",
        "10min",
        "a client that froze does not hold its locks for ever; reading one chunk takes seconds",
    ),
    always(
        "idle_session_timeout",
        "0",
        "the census of a large file leaves the connection idle for hours",
    ),
    where_known(
        "transaction_timeout",
        "0",
        "an index build may outlast any limit set for the application",
    ),
    always(
        "default_transaction_isolation",
        "read committed",
        "the ledger's row locks must see the latest commit",
    ),
    always("DateStyle", "ISO, YMD", "dates have one text form"),
    always("IntervalStyle", "iso_8601", "intervals have one text form"),
    always("TimeZone", "UTC", "timestamps have one text form"),
    always(
        "extra_float_digits",
        "1",
        "the text of a float reads back as the same float",
    ),
    always("bytea_output", "hex", "bytes have one text form"),
    always(
        "quote_all_identifiers",
        "off",
        "the catalog writes the name of a type in one way",
    ),
    always(
        "row_security",
        "off",
        "a policy that hides rows is an error, not a smaller count",
    ),
    always(
        "check_function_bodies",
        "on",
        "a broken function is found when it is created",
    ),
    where_known(
        "default_toast_compression",
        "lz4",
        "large values compress several times faster than with pglz",
    ),
    where_known(
        "client_connection_check_interval",
        "10s",
        "a statement whose client died ends within seconds and frees its locks",
    ),
];

/// The settings of sessions that copy and build indexes, beside those of every session.
pub const BULK_SETTINGS: &[Setting] = &[
    always(
        "synchronous_commit",
        "off",
        "rows and their ledger rows are lost together or not at all; the last commit of a migration is synchronous",
    ),
    Setting {
        name: "maintenance_work_mem",
        value: "256MB",
        reason: "a sort for an index that stays in memory takes half the time",
        condition: Condition::WhereSmaller,
    },
];

/// Whether a setting applies, given what `pg_settings` says of it: `None` when the server does not know the
/// parameter, else the values of an enumeration.
pub(super) fn applies(setting: &Setting, known: Option<&Option<Vec<String>>>) -> bool {
    match (setting.condition, known) {
        (Condition::Always | Condition::WhereSmaller, _) => true,
        (Condition::WhereKnown, None) => false,
        (Condition::WhereKnown, Some(None)) => true,
        (Condition::WhereKnown, Some(Some(values))) => values.iter().any(|value| value == setting.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lz4_is_asked_for_only_where_the_server_has_it() {
        let toast = SETTINGS
            .iter()
            .find(|s| s.name == "default_toast_compression")
            .unwrap();
        assert!(applies(toast, Some(&Some(vec!["pglz".into(), "lz4".into()]))));
        assert!(!applies(toast, Some(&Some(vec!["pglz".into()]))));
        assert!(!applies(toast, None));
    }

    #[test]
    fn no_setting_is_made_twice_and_each_has_a_reason() {
        for (index, setting) in SETTINGS.iter().enumerate() {
            assert!(!setting.reason.is_empty(), "{}", setting.name);
            assert!(
                SETTINGS[index + 1..]
                    .iter()
                    .all(|other| other.name != setting.name),
                "{}",
                setting.name
            );
        }
    }
}
