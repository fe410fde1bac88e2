//! What runs on this machine, to see that nothing is left behind. Reads `/proc`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to be gone. The guard itself gives it 15 s.
pub const GONE_PATIENCE: Duration = Duration::from_secs(20);

/// True while a process runs; one that has ended and waits for its parent to notice does not.
#[must_use]
pub fn is_running(process_id: u32) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{process_id}/stat")) else {
        return false;
    };
    // The state follows the program's name, which is in parentheses (proc_pid_stat(5)).
    !status
        .rsplit(')')
        .next()
        .is_some_and(|after| after.trim_start().starts_with('Z'))
}

/// All running processes that name this folder: the server, its children and its guard.
///
/// # Panics
/// When the system does not list its processes.
#[must_use]
pub fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = folder.to_str().unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|id: &u32| {
            let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(folder) && is_running(*id)
        })
        .collect()
}

/// Waits until the process, its folder and all that name the folder are gone.
///
/// # Panics
/// When something is left.
pub fn assert_nothing_left(process_id: u32, folder: &Path) {
    let start = Instant::now();
    loop {
        let left = processes_of(folder);
        if left.is_empty() && !is_running(process_id) && !folder.exists() {
            return;
        }
        assert!(
            start.elapsed() < GONE_PATIENCE,
            "{folder:?} or one of the processes {left:?} is left"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal, named without `SIG`.
///
/// # Panics
/// When there is no such process.
pub fn send(signal: &str, process_id: u32) {
    let status = Command::new("kill")
        .args(["-s", signal, &process_id.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}
