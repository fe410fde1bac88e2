//! CPU seconds of programs, from `/proc` (`proc_pid_stat(5)`): exact sums of the kernel, no samples. Zero where the
//! system does not tell.
//!
//! A server's seconds are those of its first process, of the children that it has waited for, and of those
//! that live. A child that ends between two looks is in one of the sums or in the other, never in both.

use std::fs;

/// How often the server is looked at again, because a child was waited for meanwhile.
const LOOKS: u32 = 20;

/// What the kernel has counted for one process, in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counted {
    parent: u32,
    own: u64,
    waited_for: u64,
}

/// Seconds of all programs that this process has started and waited for, their own children included.
pub fn children_seconds() -> f64 {
    counted("self").map_or(0.0, |process| seconds(process.waited_for))
}

/// Seconds of a server, all its processes included.
pub fn server_seconds(first_process: u32) -> f64 {
    let first = first_process.to_string();
    let mut sum = 0;
    for _ in 0..LOOKS {
        let Some(before) = counted(&first) else {
            return 0.0;
        };
        sum = before.own + before.waited_for + living_children(first_process);
        // Unchanged, so that no child went from the living to those waited for during the look.
        if counted(&first).is_some_and(|after| after.waited_for == before.waited_for) {
            break;
        }
    }
    seconds(sum)
}

/// Ticks of the children that live, and of those that have ended and were not waited for yet.
fn living_children(parent: u32) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else {
        return 0;
    };
    processes
        .filter_map(|entry| counted(entry.ok()?.file_name().to_str()?))
        .filter(|process| process.parent == parent)
        .map(|process| process.own)
        .sum()
}

fn counted(process: &str) -> Option<Counted> {
    parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Fields 4 and 14 to 17; the second, the program's name in parentheses, may hold anything.
fn parse(stat: &str) -> Option<Counted> {
    let after_name = stat.rsplit_once(')')?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let number = |place: usize| fields.get(place - 3)?.parse::<u64>().ok();
    Some(Counted {
        parent: u32::try_from(number(4)?).ok()?,
        own: number(14)? + number(15)?,
        waited_for: number(16)? + number(17)?,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ticks of a benchmark are far below 2^53"
)]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn fields_are_counted_after_the_name() {
        let stat = "42 (a) 9 (b)) S 7 42 42 0 -1 4194304 1 2 3 4 100 20 30 4 20 0 1 0 9 1 1";
        let expected = Counted {
            parent: 7,
            own: 120,
            waited_for: 34,
        };
        assert_eq!(parse(stat), Some(expected));
        assert_eq!(parse("42 (a) S 7"), None);
    }

    /// Its children are counted while they live, and again after they were waited for.
    #[test]
    fn a_busy_child_is_counted_alive_and_gone() {
        let me = std::process::id();
        let before = server_seconds(me);
        let mut child = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .spawn()
            .unwrap();
        // Until half a second of CPU was used, however busy the machine is.
        while living_children(me) < rustix::param::clock_ticks_per_second() / 2 {
            std::thread::yield_now();
        }
        assert!(server_seconds(me) - before >= 0.5);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(children_seconds() >= 0.5);
        assert!(server_seconds(me) - before >= 0.5);
    }
}
