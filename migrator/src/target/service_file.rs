//! Finds a named service in the connection service files: the user's, then the system's.
//!
//! Format and search order are libpq's (34.17 of its manual). A service found in the user's file hides one
//! of the same name in the system's; within a service the first line of a keyword counts.

use std::io;
use std::path::{Path, PathBuf};

use super::conninfo_error::ConninfoError;
use super::conninfo_string::Pairs;
use super::environment::Environment;

/// Name of the system's file within its directory.
const SYSTEM_FILE: &str = "pg_service.conf";

/// Where packaged builds of libpq look when PGSYSCONFDIR is not set: Debian's, then Red Hat's.
const SYSTEM_DIRECTORIES: [&str; 2] = ["/etc/postgresql-common", "/etc/sysconfig/pgsql"];

/// The parameters of service `name`.
///
/// # Errors
/// No file has the service, a file named by PGSERVICEFILE cannot be read, or a line of it is malformed.
pub(super) fn find(name: &str, environment: &Environment) -> Result<Pairs, ConninfoError> {
    let mut searched = Vec::new();
    for (path, required) in candidates(environment) {
        let text = match environment.files.read(&path) {
            Ok(file) => file.text,
            Err(error) if required || error.kind() != io::ErrorKind::NotFound => {
                return Err(ConninfoError::FileUnreadable {
                    what: "service file",
                    path,
                    error,
                });
            }
            Err(_) => {
                searched.push(path);
                continue;
            }
        };
        if let Some(pairs) = section(&text, name, &path)? {
            return Ok(pairs);
        }
        searched.push(path);
    }
    Err(ConninfoError::NoSuchService {
        name: name.to_owned(),
        searched,
    })
}

/// The files to look at in order, and whether each must exist.
fn candidates(environment: &Environment) -> Vec<(PathBuf, bool)> {
    let mut paths = Vec::new();
    match environment.variable("PGSERVICEFILE") {
        Some(path) => paths.push((PathBuf::from(path), true)),
        None => paths.extend(
            environment
                .below_home(".pg_service.conf")
                .map(|path| (path, false)),
        ),
    }
    match environment.variable("PGSYSCONFDIR") {
        Some(directory) => paths.push((Path::new(directory).join(SYSTEM_FILE), false)),
        None => paths.extend(SYSTEM_DIRECTORIES.map(|d| (Path::new(d).join(SYSTEM_FILE), false))),
    }
    paths
}

/// The pairs under `[name]`, or `None` when the file has no such section.
fn section(text: &str, name: &str, path: &Path) -> Result<Option<Pairs>, ConninfoError> {
    let malformed = |line_index: usize, reason| ConninfoError::ServiceFileMalformed {
        path: path.to_owned(),
        line: line_index + 1,
        reason,
    };
    let mut found: Option<Pairs> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if heading.strip_suffix(']') == Some(name) {
                found = Some(Pairs::new());
            }
            continue;
        }
        let Some(pairs) = &mut found else { continue };
        if line.starts_with("ldap") {
            return Err(malformed(index, "outgrow does not look services up by LDAP"));
        }
        let Some((keyword, value)) = line.split_once('=') else {
            return Err(malformed(index, "the line is not keyword=value"));
        };
        if keyword == "service" {
            return Err(malformed(index, "a service cannot name another service"));
        }
        if pairs.iter().all(|(earlier, _)| earlier != keyword) {
            pairs.push((keyword.to_owned(), value.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# comment
[other]
host=wrong

[prod]
host=db.example.com
  port=5433
port=9999
password=a b=c#d
[prod]
host=again
";

    fn read(text: &str, name: &str) -> Result<Option<Pairs>, ConninfoError> {
        section(text, name, Path::new("svc"))
    }

    #[test]
    fn only_the_first_section_of_the_name_counts_and_in_it_the_first_line_of_a_keyword() {
        let pairs = read(FILE, "prod").unwrap().unwrap();
        let expected = [
            ("host", "db.example.com"),
            ("port", "5433"),
            ("password", "a b=c#d"),
        ];
        assert_eq!(pairs, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_service_of_another_name_is_not_found() {
        assert_eq!(read(FILE, "Prod").unwrap(), None);
        assert_eq!(read("", "prod").unwrap(), None);
        assert_eq!(read("[empty]\n", "empty").unwrap(), Some(Pairs::new()));
    }

    #[test]
    fn a_malformed_line_is_named_by_number_but_not_quoted() {
        for text in ["[p]\nhunter2\n", "[p]\nservice=x\n", "[p]\nldap://hunter2\n"] {
            let told = read(text, "p").unwrap_err().to_string();
            assert!(told.contains("line 2") && !told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn malformed_lines_of_other_services_do_not_matter() {
        assert!(read("[q]\nnonsense\n[p]\nhost=h\n", "p").unwrap().is_some());
    }
}
