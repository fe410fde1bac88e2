//! The connection parameters of libpq, and what outgrow does with each.
//!
//! One table: keyword, environment variable, treatment. A parameter that promises a protection which we do
//! not give is refused, never ignored. Names and variables are those of
//! <https://www.postgresql.org/docs/current/libpq-connect.html> and `libpq-envars.html`.

/// What happens to a parameter that somebody sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Its value is used.
    Used,
    /// Only these values, which name what happens anyway.
    Only(&'static [&'static str]),
    /// It changes nothing that matters to a migration.
    Ignored,
    /// It asks for something that outgrow does not do.
    Refused,
}

/// A connection parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameter {
    /// Its keyword in connection strings and service files.
    pub keyword: &'static str,
    /// The variable that gives its value when nothing else does.
    pub variable: Option<&'static str>,
    /// What happens to it.
    pub treatment: Treatment,
}

const fn used(keyword: &'static str, variable: &'static str) -> Parameter {
    Parameter {
        keyword,
        variable: Some(variable),
        treatment: Treatment::Used,
    }
}

const fn used_unnamed(keyword: &'static str) -> Parameter {
    Parameter {
        keyword,
        variable: None,
        treatment: Treatment::Used,
    }
}

const fn only(
    keyword: &'static str,
    variable: Option<&'static str>,
    values: &'static [&'static str],
) -> Parameter {
    Parameter {
        keyword,
        variable,
        treatment: Treatment::Only(values),
    }
}

const fn ignored(keyword: &'static str, variable: Option<&'static str>) -> Parameter {
    Parameter {
        keyword,
        variable,
        treatment: Treatment::Ignored,
    }
}

const fn refused(keyword: &'static str, variable: Option<&'static str>) -> Parameter {
    Parameter {
        keyword,
        variable,
        treatment: Treatment::Refused,
    }
}

/// Every parameter of libpq 18; what is not here is a typing mistake.
pub(super) const PARAMETERS: &[Parameter] = &[
    used_unnamed("service"),
    used("host", "PGHOST"),
    used("hostaddr", "PGHOSTADDR"),
    used("port", "PGPORT"),
    used("dbname", "PGDATABASE"),
    used("user", "PGUSER"),
    used("password", "PGPASSWORD"),
    used("passfile", "PGPASSFILE"),
    used("options", "PGOPTIONS"),
    used("application_name", "PGAPPNAME"),
    used_unnamed("fallback_application_name"),
    used("connect_timeout", "PGCONNECT_TIMEOUT"),
    used("target_session_attrs", "PGTARGETSESSIONATTRS"),
    used("channel_binding", "PGCHANNELBINDING"),
    used_unnamed("keepalives"),
    used_unnamed("keepalives_idle"),
    used_unnamed("keepalives_interval"),
    used_unnamed("keepalives_count"),
    used_unnamed("tcp_user_timeout"),
    used("sslmode", "PGSSLMODE"),
    used("sslrootcert", "PGSSLROOTCERT"),
    used("sslcert", "PGSSLCERT"),
    used("sslkey", "PGSSLKEY"),
    // The session speaks UTF-8 whatever the caller's terminal does.
    ignored("client_encoding", Some("PGCLIENTENCODING")),
    // These name or tune Kerberos and TLS details that are not used here and protect nothing.
    ignored("krbsrvname", Some("PGKRBSRVNAME")),
    ignored("gsslib", Some("PGGSSLIB")),
    ignored("gssdelegation", Some("PGGSSDELEGATION")),
    ignored("sslcompression", Some("PGSSLCOMPRESSION")),
    ignored("sslsni", Some("PGSSLSNI")),
    only("gssencmode", Some("PGGSSENCMODE"), &["disable", "prefer"]),
    only("sslnegotiation", Some("PGSSLNEGOTIATION"), &["postgres"]),
    only("sslcertmode", Some("PGSSLCERTMODE"), &["allow"]),
    // rustls speaks nothing older than TLS 1.2.
    only(
        "ssl_min_protocol_version",
        Some("PGSSLMINPROTOCOLVERSION"),
        &["TLSv1", "TLSv1.1", "TLSv1.2"],
    ),
    only(
        "ssl_max_protocol_version",
        Some("PGSSLMAXPROTOCOLVERSION"),
        &["TLSv1.3"],
    ),
    only("load_balance_hosts", Some("PGLOADBALANCEHOSTS"), &["disable"]),
    only("replication", None, &["false", "off", "no", "0"]),
    refused("require_auth", Some("PGREQUIREAUTH")),
    refused("requirepeer", Some("PGREQUIREPEER")),
    refused("sslpassword", None),
    refused("sslcrl", Some("PGSSLCRL")),
    refused("sslcrldir", Some("PGSSLCRLDIR")),
    refused("sslkeylogfile", None),
    refused("min_protocol_version", Some("PGMINPROTOCOLVERSION")),
    refused("max_protocol_version", Some("PGMAXPROTOCOLVERSION")),
    refused("servicefile", None),
    refused("scram_client_key", None),
    refused("scram_server_key", None),
    refused("oauth_issuer", None),
    refused("oauth_client_id", None),
    refused("oauth_client_secret", None),
    refused("oauth_scope", None),
];

/// Finds a parameter by its keyword.
pub(super) fn find(keyword: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| parameter.keyword == keyword)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_keyword_and_no_variable_appears_twice() {
        for (index, parameter) in PARAMETERS.iter().enumerate() {
            let rest = &PARAMETERS[index + 1..];
            assert!(
                rest.iter().all(|other| other.keyword != parameter.keyword),
                "{parameter:?}"
            );
            if parameter.variable.is_some() {
                assert!(
                    rest.iter().all(|other| other.variable != parameter.variable),
                    "{parameter:?}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_keyword_is_not_found() {
        assert_eq!(find("sslmodus"), None);
        assert_eq!(find("sslmode").and_then(|p| p.variable), Some("PGSSLMODE"));
    }
}
