//! A program run to its end under a clock: seconds, CPU, memory, and what it wrote.
//!
//! Its output goes through files, so that nobody has to read it meanwhile. An interrupt stops the program with
//! all that it started.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{Outcome, cpu, interrupt};

/// How often the memory of a program is looked at, and whether to stop it; a peak only grows, so little is missed.
const POLL: Duration = Duration::from_millis(10);

/// Characters of a failed program's own message that are passed on.
const MESSAGE_CHARACTERS: usize = 2_000;

/// What a program took.
#[derive(Debug, Clone)]
pub struct Ended {
    /// From its start to its exit.
    pub seconds: f64,
    /// CPU of the program and of what it started; zero where the system does not tell.
    pub cpu_seconds: f64,
    /// Its largest resident set; zero where the system does not tell.
    pub peak_bytes: u64,
    /// What it wrote to stdout.
    pub stdout: String,
    /// Why it counts as failed, with what it said; none when its exit code is 0.
    pub failure: Option<String>,
}

impl Ended {
    /// Itself, if the program succeeded.
    pub fn success(self) -> Outcome<Self> {
        match self.failure {
            None => Ok(self),
            Some(failure) => Err(failure.into()),
        }
    }
}

/// Runs a program; `folder` takes its output. One at a time: CPU is told from what has been waited for.
pub fn run(mut command: Command, folder: &Path) -> Outcome<Ended> {
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    command
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        // Its own group, so that it can be stopped with all that it started.
        .process_group(0);
    let program = command.get_program().to_string_lossy().into_owned();
    let cpu_before = cpu::children_seconds();
    let started = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    let ended = AtomicBool::new(false);
    let process_id = child.id();
    let (status, seconds, peak_bytes) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(process_id, &ended));
        let status = child.wait();
        let seconds = started.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (status, seconds, watcher.join().unwrap_or(0))
    });
    let status = status?;
    if interrupt::came() {
        return Err("interrupted".into());
    }
    // A peer may write bytes that are no text.
    let text = |file: &Path| fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let stdout = text(&out)?;
    let failure = (!status.success())
        .then(|| {
            text(&err).map(|stderr| format!("{program} failed ({status}): {}", message(&stderr, &stdout)))
        })
        .transpose()?;
    Ok(Ended {
        seconds,
        cpu_seconds: cpu::children_seconds() - cpu_before,
        peak_bytes,
        stdout,
        failure,
    })
}

/// What a failed program said, on stderr unless it used stdout for it.
fn message(stderr: &str, stdout: &str) -> String {
    let said = if stderr.trim().is_empty() { stdout } else { stderr };
    said.trim().chars().take(MESSAGE_CHARACTERS).collect()
}

/// The largest resident set of a process, as seen until it ended. Stops it when an interrupt comes.
fn watch(process_id: u32, ended: &AtomicBool) -> u64 {
    let status = format!("/proc/{process_id}/status");
    let mut peak = 0;
    while !ended.load(Ordering::Relaxed) {
        let now = fs::read_to_string(&status)
            .ok()
            .and_then(|text| high_water_bytes(&text));
        peak = peak.max(now.unwrap_or(0));
        if interrupt::came() {
            stop(process_id);
        }
        thread::sleep(POLL);
    }
    peak
}

/// What runs works for nothing but this benchmark, so it is not asked.
fn stop(process_id: u32) {
    let group = i32::try_from(process_id).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // It may be gone by now.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The largest resident set of this process so far; zero where the system does not tell.
pub fn own_peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    high_water_bytes(&status).unwrap_or(0)
}

/// `VmHWM:   12345 kB` of `/proc/PID/status`, proc(5).
fn high_water_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(
            high_water_bytes("VmPeak:\t 9 kB\nVmHWM:\t    12 kB\n"),
            Some(12_288)
        );
        assert_eq!(high_water_bytes("VmPeak:\t 9 kB\n"), None);
    }

    #[test]
    fn a_failure_tells_what_the_program_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo nothing to see; echo no such table >&2; exit 3"]);
        let ended = run(command, folder.path()).unwrap();
        assert_eq!(ended.stdout, "nothing to see\n");
        let failure = ended.success().unwrap_err().to_string();
        assert!(
            failure.contains("no such table") && failure.contains("exit status: 3"),
            "{failure}"
        );
    }
}
