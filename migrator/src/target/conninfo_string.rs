//! Reads a connection string, URL or keyword form, into keywords and values.
//!
//! The grammar is libpq's (34.1.1 of its manual). A fault is described by its position and kind, never by
//! quoting the text: a mistyped string has pieces of the password in unexpected places.

/// Prefixes that make a connection string a URL.
const URL_PREFIXES: [&str; 2] = ["postgresql://", "postgres://"];

/// What every fault around a password's special characters is told.
const ENCODE: &str =
    "in a URL, write the characters @ : / ? # % of a user, password or name as %40 %3A %2F %3F %23 %25";

/// Keywords and their values, in the order of the text.
pub(super) type Pairs = Vec<(String, String)>;

/// Reads a connection string.
///
/// # Errors
/// What is wrong with it, without any of its text.
pub(super) fn parse(text: &str) -> Result<Pairs, String> {
    match URL_PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        Some(rest) => parse_url(rest),
        // Behind a keyword `://` is part of a value, such as a password.
        None if text
            .split_once("://")
            .is_some_and(|(scheme, _)| !scheme.contains('=')) =>
        {
            Err("its scheme is not postgres:// or postgresql://".into())
        }
        None if text.contains('=') => parse_keywords(text),
        None => Err("it is neither a URL (postgres://user@host/db) nor keywords \
                     (host=... dbname=...); for a database's name alone write dbname=NAME"
            .into()),
    }
}

fn parse_keywords(text: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(pairs);
        }
        let mut keyword = String::new();
        while let Some(c) = chars.next_if(|c| !c.is_whitespace() && *c != '=') {
            keyword.push(c);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.next() != Some('=') {
            let place = pairs.len() + 1;
            return Err(format!(
                "its parameter number {place} has no `=`; a value with blanks needs quotes: keyword='a value'"
            ));
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let value = keyword_value(&mut chars)
            .ok_or_else(|| format!("its parameter number {} has an open quote", pairs.len() + 1))?;
        pairs.push((keyword, value));
    }
}

/// A bare or quoted value; a backslash takes the next character as it is. `None`: the quote never closes.
fn keyword_value(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let quoted = chars.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match chars.peek() {
            None => return (!quoted).then_some(value),
            Some('\'') if quoted => {
                chars.next();
                return Some(value);
            }
            Some(c) if !quoted && c.is_whitespace() => return Some(value),
            Some(_) => {
                let c = chars.next()?;
                // A backslash at the very end stands for nothing, as in libpq.
                value.extend(if c == '\\' { chars.next() } else { Some(c) });
            }
        }
    }
}

fn parse_url(rest: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let (before_query, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let (authority, name) = match before_query.split_once('/') {
        Some((authority, name)) => (authority, Some(name)),
        None => (before_query, None),
    };
    let hosts = match authority.split_once('@') {
        Some((login, hosts)) => {
            push_login(&mut pairs, login)?;
            hosts
        }
        None => authority,
    };
    // An `@` further right is part of a password that was not encoded.
    if hosts.contains('@') || name.is_some_and(|name| name.contains('@')) {
        return Err(format!("it has an `@` too many; {ENCODE}"));
    }
    push_hosts(&mut pairs, hosts)?;
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        pairs.push(("dbname".into(), decode(name)?));
    }
    for pair in query.unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
        let (keyword, value) = pair
            .split_once('=')
            .ok_or_else(|| format!("a parameter after `?` has no `=`; {ENCODE}"))?;
        let (keyword, value) = (decode(keyword)?, decode(value)?);
        // JDBC's spelling, which libpq takes too.
        if keyword == "ssl" && value == "true" {
            pairs.push(("sslmode".into(), "require".into()));
        } else {
            pairs.push((keyword, value));
        }
    }
    Ok(pairs)
}

fn push_login(pairs: &mut Pairs, login: &str) -> Result<(), String> {
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    if !user.is_empty() {
        pairs.push(("user".into(), decode(user)?));
    }
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        pairs.push(("password".into(), decode(password)?));
    }
    Ok(())
}

fn push_hosts(pairs: &mut Pairs, text: &str) -> Result<(), String> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for part in text.split(',') {
        let (host, port) = match part.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner
                    .split_once(']')
                    .ok_or("the bracket around an IPv6 address does not close")?;
                let port = match after.strip_prefix(':') {
                    None if after.is_empty() => "",
                    None => return Err("something other than :PORT follows an IPv6 address".into()),
                    Some(port) => port,
                };
                (host, port)
            }
            None => part.split_once(':').unwrap_or((part, "")),
        };
        if !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!(
                "what stands where a port belongs is not a number; {ENCODE}"
            ));
        }
        hosts.push(decode(host)?);
        ports.push(port);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        pairs.push(("host".into(), hosts.join(",")));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        pairs.push(("port".into(), ports.join(",")));
    }
    Ok(())
}

/// Percent-decodes; `+` stays itself, as in libpq.
fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|digit| digit.and_then(|d| char::from(d).to_digit(16)));
        match digits {
            [Some(0), Some(0)] => return Err("it has a %00, which no parameter can hold".into()),
            [Some(high), Some(low)] => bytes.extend(u8::try_from(high * 16 + low)),
            _ => {
                return Err(format!(
                    "a `%` is not followed by two hexadecimal digits; {ENCODE}"
                ));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| "its percent-encoded bytes are not UTF-8".into())
}

#[cfg(test)]
#[path = "conninfo_string_tests.rs"]
mod tests;
