//! What a migration spends its time on, and so what would make it faster: a rule over figures, written out.

/// Shares of the time at which a thing is said to bound it.
const MOST: f64 = 0.5;

/// CPU seconds per second of the clock below which nobody computed: everybody waited for the disk.
const IDLE: f64 = 0.7;

/// What bounds a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The server makes keys and indexes most of the time.
    Keys,
    /// The CPUs stand idle: the write-ahead log and the data go to disk.
    Disk,
    /// More of the CPU is the server's.
    Server,
    /// More of the CPU is outgrow's.
    Client,
}

/// Figures of one migration.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// From start to exit.
    pub seconds: f64,
    /// Of these in the stage `keys`.
    pub keys_seconds: f64,
    /// CPU of outgrow.
    pub client_cpu_seconds: f64,
    /// CPU of the server.
    pub server_cpu_seconds: f64,
}

impl Bound {
    /// The rule.
    pub fn of(figures: Figures) -> Self {
        let cpu = figures.client_cpu_seconds + figures.server_cpu_seconds;
        if cpu < IDLE * figures.seconds {
            Self::Disk
        } else if figures.keys_seconds >= MOST * figures.seconds {
            Self::Keys
        } else if figures.server_cpu_seconds >= MOST * cpu {
            Self::Server
        } else {
            Self::Client
        }
    }

    /// In few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "index build",
            Self::Disk => "disk and WAL",
            Self::Server => "server CPU",
            Self::Client => "client CPU",
        }
    }
}

/// The rule, for the reader of the table.
pub fn rule() -> String {
    format!(
        "bound by: disk and WAL if less than {IDLE} CPU seconds were used per second, else index build if the keys took \
         half of the time,\nelse the side that used more CPU."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_at_its_edges() {
        let of = |keys_seconds, client_cpu_seconds, server_cpu_seconds| {
            Bound::of(Figures {
                seconds: 10.0,
                keys_seconds,
                client_cpu_seconds,
                server_cpu_seconds,
            })
        };
        assert_eq!(of(9.0, 3.0, 3.9), Bound::Disk);
        assert_eq!(of(5.0, 3.0, 4.0), Bound::Keys);
        assert_eq!(of(4.9, 4.0, 4.0), Bound::Server);
        assert_eq!(of(4.9, 4.1, 4.0), Bound::Client);
    }
}
