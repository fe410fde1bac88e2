//! A server process that cannot outlive the process that started it.
//!
//! Between the two stands a small shell script that reads a pipe held open by this process. The kernel
//! closes the pipe however this process ends (return, panic, signal, kill -9), and the script then stops
//! the server and removes its folder. A parent-death signal would not do: it is tied to the thread that
//! started the server, and threads end before their process does.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::server_folder::Owner;

const GUARD: &str = include_str!("guard.sh");

/// How long the guard may take to stop its server: it kills one after 15 s.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// How often a waiting loop looks again; short against the start of any server.
const POLL: Duration = Duration::from_millis(10);

/// What to run under a guard.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The server's program.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Environment variables set for it.
    pub variables: Vec<(OsString, OsString)>,
    /// Where its output is appended.
    pub log: &'a Path,
    /// Name of the signal that stops it at once, without `SIG`.
    pub stop_signal: &'a str,
}

/// A running server with its folder. Dropping it stops the server and removes the folder.
#[derive(Debug)]
pub struct Guarded {
    guard: Child,
    lifeline: Option<ChildStdin>,
    folder: PathBuf,
    process_id: u32,
}

impl Guarded {
    /// Starts the server as the folder's owner. It is running, and not yet ready, when this returns.
    ///
    /// # Errors
    /// When the shell or the program cannot be started.
    pub fn start(folder: &Path, owner: &Owner, launch: &Launch<'_>) -> io::Result<Self> {
        let _ = fs::remove_file(folder.join("exited"));
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(GUARD).arg("outgrow-guard").arg(folder);
        command
            .arg(launch.stop_signal)
            .arg(launch.log)
            .arg(launch.program);
        command
            .args(&launch.arguments)
            .envs(launch.variables.iter().cloned());
        command
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // Its own process group: a Ctrl-C in the terminal reaches this process alone.
        command.process_group(0);
        if let Owner::Other { user_id, group_id } = *owner {
            command.uid(user_id).gid(group_id);
        }
        let mut guard = command.spawn()?;
        let lifeline = guard.stdin.take();
        let mut line = String::new();
        if let Some(stdout) = guard.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let process_id = line
            .trim()
            .parse()
            .map_err(|_| io::Error::other("the guard did not start"))?;
        Ok(Self {
            guard,
            lifeline,
            folder: folder.to_owned(),
            process_id,
        })
    }

    /// The server's process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process_id
    }

    /// The folder that goes with the server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Exit status of a server that has ended (128 + signal for a killed one), `None` while it runs.
    #[must_use]
    pub fn exit_status(&self) -> Option<i32> {
        fs::read_to_string(self.folder.join("exited"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// Waits for the server to end by itself.
    ///
    /// # Errors
    /// `TimedOut` when it runs on.
    pub fn wait_for_exit(&self, patience: Duration) -> io::Result<i32> {
        let start = Instant::now();
        while start.elapsed() < patience {
            if let Some(status) = self.exit_status() {
                return Ok(status);
            }
            thread::sleep(POLL);
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Asks the server to end (SIGTERM) and waits until it has. The guard stays, and with it the folder.
    ///
    /// # Errors
    /// `TimedOut` when it runs on.
    pub fn end(&self, patience: Duration) -> io::Result<i32> {
        if self.exit_status().is_none() {
            let id = self.process_id.to_string();
            Command::new("kill").args(["-s", "TERM", &id]).status()?;
        }
        self.wait_for_exit(patience)
    }

    /// Stops the server at once and leaves the folder to the caller.
    ///
    /// # Errors
    /// When the server cannot be stopped.
    pub fn stop_and_keep(mut self) -> io::Result<()> {
        if let Some(mut lifeline) = self.lifeline.take() {
            lifeline.write_all(b"keep\n")?;
        }
        let kept = std::mem::take(&mut self.folder);
        if self.guard_ends().is_some() {
            Ok(())
        } else {
            Err(io::Error::other(format!("{} runs on", kept.display())))
        }
    }

    /// How the guard ended; `None` when it runs on.
    fn guard_ends(&mut self) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < STOP_PATIENCE {
            match self.guard.try_wait() {
                Ok(None) => thread::sleep(POLL),
                Ok(ended) => return ended,
                Err(_) => return None,
            }
        }
        None
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // The guard reads the end of its input and does the rest.
        drop(self.lifeline.take());
        let ended = self.guard_ends();
        if self.folder.as_os_str().is_empty() {
            return;
        }
        // A guard without an exit code was killed, or hangs: its work is done here. One that did its work has
        // stopped the server, whose number may belong to another process by now.
        if ended.and_then(|status| status.code()).is_none() {
            if self.exit_status().is_none() {
                let _ = Command::new("kill")
                    .arg("-KILL")
                    .arg(self.process_id.to_string())
                    .status();
            }
            let _ = self.guard.kill();
            let _ = self.guard.wait();
        }
        if self.folder.exists() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
