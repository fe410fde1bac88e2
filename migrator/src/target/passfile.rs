//! Looks a password up in the password file (`~/.pgpass` or PGPASSFILE).
//!
//! Format, wildcards, escapes and the permission check are libpq's (34.16 of its manual): a file that group
//! or others can read is not used, and the caller gets the reason as a warning.

use std::io;
use std::path::Path;

use super::environment::Files;
use super::secret::Secret;

/// What a password is looked up by; `host` is `localhost` for a socket in the default directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub host: &'a str,
    pub port: u16,
    pub dbname: &'a str,
    pub user: &'a str,
}

/// What the password file gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// The password of the first matching line.
    Found(Secret),
    /// There is no file, or no line in it matches.
    Nothing,
    /// The file is not used, for this reason.
    Unusable(String),
}

/// Looks for the first line of the file that matches.
pub(super) fn look_up(path: &Path, named: bool, files: &dyn Files, wanted: Wanted<'_>) -> Lookup {
    let shown = path.display();
    let file = match files.read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !named => return Lookup::Nothing,
        Err(error) => return Lookup::Unusable(format!("password file {shown} cannot be read: {error}")),
    };
    if !file.is_plain {
        return Lookup::Unusable(format!(
            "password file {shown} is not a plain file, so it is not used"
        ));
    }
    if file.open_to_others {
        return Lookup::Unusable(format!(
            "password file {shown} can be read by its group or by others, so it is not used; run: chmod 0600 {shown}"
        ));
    }
    match file.text.lines().find_map(|line| match_line(line, wanted)) {
        Some(password) => Lookup::Found(Secret::new(password)),
        None => Lookup::Nothing,
    }
}

/// The password of `hostname:port:database:username:password`, when the first four fields match.
fn match_line(line: &str, wanted: Wanted<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let port = wanted.port.to_string();
    let mut rest = line.trim_end_matches('\r');
    for expected in [wanted.host, &port, wanted.dbname, wanted.user] {
        let (raw, field, after) = take_field(rest);
        if raw != "*" && field != expected {
            return None;
        }
        // A line with too few fields matches nothing.
        rest = after?;
    }
    let (_, password, _) = take_field(rest);
    Some(password)
}

/// Splits at the first unescaped colon: the field as written, without its escapes, and what follows.
fn take_field(text: &str) -> (&str, String, Option<&str>) {
    let mut field = String::new();
    let mut chars = text.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            ':' => return (&text[..index], field, Some(&text[index + 1..])),
            // A backslash at the very end stands for itself, as in libpq.
            '\\' => field.push(chars.next().map_or('\\', |(_, escaped)| escaped)),
            _ => field.push(c),
        }
    }
    (text, field, None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::environment::FoundFile;
    use super::*;

    const WANTED: Wanted<'_> = Wanted {
        host: "h",
        port: 5432,
        dbname: "d",
        user: "u",
    };

    struct OneFile(io::Result<FoundFile>);

    impl Files for OneFile {
        fn read(&self, _path: &Path) -> io::Result<FoundFile> {
            self.0.as_ref().map(Clone::clone).map_err(|e| e.kind().into())
        }
    }

    fn file(text: &str) -> FoundFile {
        FoundFile {
            text: text.into(),
            is_plain: true,
            open_to_others: false,
        }
    }

    fn look(found: io::Result<FoundFile>, named: bool) -> Lookup {
        look_up(Path::new(".pgpass"), named, &OneFile(found), WANTED)
    }

    #[test]
    fn lines_match_exactly_by_wildcard_or_by_escape() {
        let cases = [
            ("h:5432:d:u:secret", Some("secret")),
            ("*:*:*:*:secret", Some("secret")),
            ("h:5432:d:u:secret\r", Some("secret")),
            ("h:5432:d:u:a\\:b\\\\c", Some("a:b\\c")),
            ("h:5432:d:u:secret:ignored", Some("secret")),
            ("\\h:5432:d:u:secret", Some("secret")),
            ("h:5432:d:u:", Some("")),
            ("h:5433:d:u:secret", None),
            ("h:5432:d:other:secret", None),
            ("h:5432:d:u", None),
            ("\\*:5432:d:u:secret", None),
            ("#h:5432:d:u:secret", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(match_line(line, WANTED).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn the_first_matching_line_counts() {
        let text = "# mine\nx:*:*:*:no\nh:*:*:u:first\n*:*:*:*:second\n";
        assert_eq!(look(Ok(file(text)), false), Lookup::Found(Secret::new("first")));
    }

    #[test]
    fn a_file_open_to_others_is_not_used_and_the_remedy_is_told() {
        let open = FoundFile {
            open_to_others: true,
            ..file("*:*:*:*:secret")
        };
        let Lookup::Unusable(reason) = look(Ok(open), false) else {
            panic!("used")
        };
        assert!(
            reason.contains("chmod 0600 .pgpass") && !reason.contains("secret"),
            "{reason}"
        );
    }

    #[test]
    fn a_file_that_is_not_plain_is_not_used() {
        let pipe = FoundFile {
            is_plain: false,
            ..file("")
        };
        assert!(matches!(look(Ok(pipe), false), Lookup::Unusable(_)));
    }

    #[test]
    fn a_missing_file_matters_only_when_somebody_named_it() {
        assert_eq!(look(Err(io::ErrorKind::NotFound.into()), false), Lookup::Nothing);
        assert!(matches!(
            look(Err(io::ErrorKind::NotFound.into()), true),
            Lookup::Unusable(_)
        ));
        assert!(matches!(
            look(Err(io::ErrorKind::PermissionDenied.into()), false),
            Lookup::Unusable(_)
        ));
    }

    proptest! {
        #[test]
        fn any_password_survives_escaping(password in "[^\u{0}\r\n]{0,40}") {
            let escaped = password.replace('\\', "\\\\").replace(':', "\\:");
            let line = format!("h:5432:d:u:{escaped}");
            prop_assert_eq!(match_line(&line, WANTED), Some(password));
        }
    }
}
