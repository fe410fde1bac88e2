//! A private, throw-away Postgres: its own folder, its own free port, gone with this process.
//!
//! Reachable on 127.0.0.1 and on a Unix socket in its folder, both with a random password, since any user
//! of the machine can reach a loopback port. What lives in it is decided by the caller.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

pub use super::cluster::PrivatePostgresError;
use super::cluster::{USER, create_cluster, start_server};
use super::guarded::Guarded;
use super::server_binaries::ServerBinaries;
use super::server_folder::{self, Owner};

/// How many ports are tried: another process can take a free port before the server does.
const PORTS_TRIED: u32 = 5;

/// What a private server is to be like. Start with [`PrivatePostgres::builder`].
#[derive(Debug, Clone)]
pub struct Builder {
    folder_of_programs: Option<PathBuf>,
    settings: Vec<(String, String)>,
    access: Vec<String>,
    files: Vec<(String, Vec<u8>)>,
    durable: bool,
    below: Option<PathBuf>,
}

impl Builder {
    /// Uses the server programs of this folder instead of the first that are found.
    #[must_use]
    pub fn programs(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder_of_programs = Some(folder.into());
        self
    }

    /// Adds a line to `postgresql.conf`; a later value of the same name wins.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a line to `pg_hba.conf`, before the usual ones (password for everybody).
    #[must_use]
    pub fn hba(mut self, line: &str) -> Self {
        self.access.push(line.to_owned());
        self
    }

    /// Puts a file beside the data directory, readable by the server alone; settings name it `../NAME`.
    #[must_use]
    pub fn file(mut self, name: &str, contents: &[u8]) -> Self {
        self.files.push((name.to_owned(), contents.to_owned()));
        self
    }

    /// `false` lets the server skip every fsync: for tests, which lose nothing with the machine.
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// Puts the server's folder below this one instead of the temporary folder, if a server can work there.
    #[must_use]
    pub fn below(mut self, folder: impl Into<PathBuf>) -> Self {
        self.below = Some(folder.into());
        self
    }

    /// Creates the cluster, starts the server and waits until it takes connections.
    ///
    /// # Errors
    /// See [`PrivatePostgresError`].
    pub fn start(self) -> Result<PrivatePostgres, PrivatePostgresError> {
        let programs = match &self.folder_of_programs {
            Some(folder) => ServerBinaries::within(folder).ok_or_else(|| vec![folder.clone()]),
            None => ServerBinaries::find(),
        }
        .map_err(PrivatePostgresError::NoServer)?;
        let (folder, owner) = server_folder::create("outgrow-pg-", self.below.as_deref())
            .map_err(PrivatePostgresError::Folder)?;
        // From here on, dropping this removes the folder however the start goes on.
        let mut postgres = PrivatePostgres {
            server: None,
            programs,
            folder,
            owner,
            port: 0,
            password: random_password().map_err(PrivatePostgresError::Folder)?,
        };
        create_cluster(&postgres.programs, &postgres.folder, owner, &postgres.password)?;
        let mut tries_left = PORTS_TRIED;
        loop {
            tries_left -= 1;
            postgres.port = free_port().map_err(PrivatePostgresError::Folder)?;
            self.write_files(&postgres.folder, owner, postgres.port)
                .map_err(PrivatePostgresError::Folder)?;
            match start_server(&postgres.programs, &postgres.folder, owner) {
                Ok(server) => {
                    postgres.server = Some(server);
                    return Ok(postgres);
                }
                Err(error) if tries_left == 0 => return Err(error),
                Err(_) => {}
            }
        }
    }

    fn write_files(&self, folder: &Path, owner: Owner, port: u16) -> io::Result<()> {
        let socket_folder = folder.to_string_lossy().into_owned();
        let mut settings: Vec<(String, String)> = [
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("port", port.to_string()),
            ("unix_socket_directories", socket_folder.clone()),
            ("hba_file", format!("{socket_folder}/pg_hba.conf")),
            ("timezone", "UTC".to_owned()),
            ("log_timezone", "UTC".to_owned()),
            ("max_connections", "200".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if !self.durable {
            // Commits still reach the system before they return, so that a crash of the server loses none.
            settings.extend(["fsync", "full_page_writes"].map(|name| (name.to_owned(), "off".to_owned())));
            // Tests kill servers, and what a killed one shares must go with its folder.
            settings.push(("dynamic_shared_memory_type".to_owned(), "mmap".to_owned()));
        }
        settings.extend(self.settings.iter().cloned());
        let conf: String = settings
            .iter()
            .map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''")))
            .collect();
        let mut access = self.access.join("\n");
        access.push_str("\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n");
        server_folder::write(&folder.join("postgresql.conf"), conf.as_bytes(), owner)?;
        server_folder::write(&folder.join("pg_hba.conf"), access.as_bytes(), owner)?;
        for (name, contents) in &self.files {
            server_folder::write(&folder.join(name), contents, owner)?;
        }
        Ok(())
    }
}

/// A running private server. Dropping it stops the server and deletes its data.
#[derive(Debug)]
pub struct PrivatePostgres {
    server: Option<Guarded>,
    programs: ServerBinaries,
    folder: PathBuf,
    owner: Owner,
    port: u16,
    password: String,
}

impl PrivatePostgres {
    /// A durable server with the usual settings, to be changed by the builder's methods.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            folder_of_programs: None,
            settings: Vec::new(),
            access: Vec::new(),
            files: Vec::new(),
            durable: true,
            below: None,
        }
    }

    /// Connection URL over TCP, with the password in it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://{USER}:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
    }

    /// Connection URL over TCP without the password, fit to be shown; pass the password in `PGPASSWORD`.
    #[must_use]
    pub fn url_without_password(&self, database: &str) -> String {
        format!("postgresql://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// The superuser's password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// TCP port on 127.0.0.1; part of the socket's name, too.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder that holds the Unix socket, the log and the data directory.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The cluster's data directory.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The server's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// The programs it runs from; `psql` and `pg_dump` are there too on most systems.
    #[must_use]
    pub fn programs(&self) -> &ServerBinaries {
        &self.programs
    }

    /// Process id of the postmaster, `None` while it is stopped.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.server.as_ref().map(Guarded::process_id)
    }

    /// Stops the server as a crash would: no wal checkpoint, no goodbye to clients. The data stays.
    ///
    /// # Errors
    /// When the server cannot be stopped.
    pub fn crash(&mut self) -> Result<(), PrivatePostgresError> {
        match self.server.take() {
            Some(server) => server.stop_and_keep().map_err(PrivatePostgresError::Folder),
            None => Ok(()),
        }
    }

    /// Starts the server again after [`Self::crash`], on the same port and data.
    ///
    /// # Errors
    /// When it does not come up; see [`PrivatePostgresError::Start`].
    pub fn restart(&mut self) -> Result<(), PrivatePostgresError> {
        self.crash()?;
        self.server = Some(start_server(&self.programs, &self.folder, self.owner)?);
        Ok(())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        // A running server takes its folder along.
        if self.server.take().is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A port of 127.0.0.1 that is free now; somebody else may take it before the caller does.
///
/// # Errors
/// When the system has none left.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// 128 random bits, as hexadecimal digits.
fn random_password() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use crate::failure::Failure;

    #[test]
    fn a_missing_server_says_where_it_was_looked_for_and_what_to_do() {
        let error = PrivatePostgres::builder()
            .programs("/nowhere/bin")
            .start()
            .unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.exit, Exit::TargetError);
        let text = failure.to_string();
        assert!(
            text.contains("/nowhere/bin") && text.contains("make setup"),
            "{text}"
        );
    }

    #[test]
    fn passwords_differ_and_need_no_escaping_in_a_url() {
        let (one, two) = (random_password().unwrap(), random_password().unwrap());
        assert_ne!(one, two);
        assert!(one.len() == 32 && one.chars().all(|c| c.is_ascii_hexdigit()));
    }
}
