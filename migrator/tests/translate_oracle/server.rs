//! A Postgres server of this test's own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A throw-away Postgres on a socket in a temporary folder.
pub struct Server {
    bin: PathBuf,
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts one; none when the machine has no server.
    pub fn start() -> Option<Self> {
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|bin| bin.join("initdb").exists())
            .collect();
        versions.sort();
        let server = Self {
            bin: versions.pop()?,
            folder: tempfile::tempdir().unwrap(),
        };
        let path = server.folder.path();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
        let data = path.join("data");
        // A linguistic default collation, so that a missing COLLATE "C" shows.
        let made = server
            .command("initdb")
            .args([
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
                "--locale=C",
            ])
            .args(["--locale-provider=icu", "--icu-locale=en-US", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        let options = format!("-k {} -c listen_addresses='' -c fsync=off", path.display());
        let started = server
            .command("pg_ctl")
            .args(["-w", "-s", "-o", &options, "-l"])
            .arg(path.join("log"))
            .arg("-D")
            .arg(&data)
            .arg("start")
            .status();
        assert!(started.unwrap().success(), "pg_ctl start failed");
        Some(server)
    }

    /// Postgres refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let owner = Command::new("id").arg("-u").output().unwrap().stdout;
        let mut command = if owner.trim_ascii() == b"0" {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }

    /// The result lines of a script.
    pub fn run(&self, script: &str) -> Vec<String> {
        let file: &Path = &self.folder.path().join("script.sql");
        std::fs::write(file, script).unwrap();
        let output = self
            .command("psql")
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
            .arg(self.folder.path())
            .arg("-f")
            .arg(file)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let _ = self
            .command("pg_ctl")
            .args(["-w", "-s", "-m", "immediate", "stop", "-D"])
            .arg(data)
            .status();
    }
}
