//! Servers that run out of something: connections, disk, the right to write. Each ends with the command that goes on,
//! or is endured, and comes to EQUAL.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use outgrow_e2e::postgres::{self, Session};

use super::attempt::{Attempt, Ground};
use super::servers::Field;

const ROWS: u32 = 10_000;

/// Makes an attempt last, so that it can be met in the middle.
const SLOWLY: &str = "chunk-sent=sleep(200)";

/// Waits until the run has copied something.
fn await_chunks(ground: &Ground, attempt: &mut Attempt) {
    let start = Instant::now();
    while ground.ask("SELECT to_regclass('_outgrow.chunk') IS NOT NULL") != "t"
        || ground.ask("SELECT count(*) FROM _outgrow.chunk") == "0"
    {
        assert!(
            !attempt.has_ended() && start.elapsed() < Duration::from_secs(60),
            "{}",
            attempt.told()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// As a role that is no superuser, so that limits hold for it.
fn as_role(field: &Field, ground: &Ground, limit: u32) -> Ground {
    let database = ground.url.rsplit('/').next().unwrap().to_owned();
    let sql = format!(
        "CREATE ROLE mover_{database} LOGIN PASSWORD 'secret' CONNECTION LIMIT {limit}; \
         GRANT CREATE ON DATABASE {database} TO mover_{database}"
    );
    postgres::execute(&ground.url, &sql);
    postgres::execute(
        &ground.url,
        &format!("GRANT CREATE ON SCHEMA public TO mover_{database}"),
    );
    let port = field.server.port();
    Ground {
        source: ground.source.clone(),
        folder: ground.folder.clone(),
        url: format!("postgresql://mover_{database}:secret@127.0.0.1:{port}/{database}"),
    }
}

#[test]
fn fewer_connections_than_jobs_are_enough() {
    let mut field = Field::with(&[]);
    let ground = field.ground(ROWS, true);
    // One for the lease, two to copy.
    let role = as_role(&field, &ground, 3);
    let said = role.attempt(&["--jobs", "8", "--retry-for", "10s"], "");
    assert_eq!(said.code, Some(0), "{said:?}");
    ground.assert_equal();
}

#[test]
fn connections_that_are_used_up_are_waited_for() {
    let mut field = Field::with(&[]);
    let ground = field.ground(ROWS, true);
    let role = as_role(&field, &ground, 3);
    let mut attempt = role.start(&["--jobs", "2", "--retry-for", "60s"], SLOWLY);
    await_chunks(&ground, &mut attempt);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'mover%'";
    postgres::execute(&ground.url, end);
    // Somebody else is quicker.
    let greedy: Vec<Session> = (0..200)
        .filter(|_| postgres::run(&role.url, "SELECT 1").is_ok())
        .map(|_| Session::open(&role.url))
        .take(2)
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    drop(greedy);
    let said = attempt.end();
    assert!([Some(0), Some(7)].contains(&said.code), "{said:?}");
    if said.code == Some(7) {
        assert_eq!(role.attempt(&["--retry-for", "20s"], "").code, Some(0));
    }
    ground.assert_equal();
}

#[test]
fn a_server_that_takes_no_writes_for_a_while_is_waited_for() {
    let mut field = Field::with(&[]);
    let ground = field.ground(ROWS, false);
    let mut attempt = ground.start(&["--retry-for", "60s"], SLOWLY);
    await_chunks(&ground, &mut attempt);
    let switch = |value: &str| {
        let sql = format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
        for sql in [
            "SET default_transaction_read_only = off",
            &sql,
            "SELECT pg_reload_conf()",
        ] {
            let sql = format!("SET default_transaction_read_only = off; {sql}");
            // ALTER SYSTEM stands alone.
            let sql = if sql.contains("ALTER") {
                sql.replace("SET default_transaction_read_only = off; ", "")
            } else {
                sql
            };
            postgres::execute(&ground.url, &sql);
        }
    };
    switch("on");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
               AND backend_type = 'client backend' AND datname = current_database()";
    let _ = postgres::run(&ground.url, end);
    std::thread::sleep(Duration::from_secs(2));
    switch("off");
    let said = attempt.end();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stderr.contains("trying again in"), "{said:?}");
    ground.assert_equal();
}

#[test]
fn a_cancelled_statement_is_gone_on_after() {
    let mut field = Field::with(&[]);
    let ground = field.ground(ROWS, true);
    let mut attempt = ground.start(&["--retry-for", "30s"], SLOWLY);
    await_chunks(&ground, &mut attempt);
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY %' \
                  AND datname = current_database()";
    postgres::execute(&ground.url, cancel);
    let said = attempt.end();
    // An administrator who cancels it means it: it ends, and is gone on with when somebody runs it again.
    assert_eq!(said.code, Some(5), "{said:?}");
    assert!(said.stderr.contains("run the same command again"), "{said:?}");
    ground.finish();
}

/// A small file system in memory; none where this machine does not let us mount one.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(at: &Path, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let options = format!("size={mebibytes}m,mode=777");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_ends_it_and_the_same_command_goes_on_once_there_is_room() {
    let mut field = Field::with(&[]);
    let Some(disk) = SmallDisk::mount(&field.server.folder().join("small"), 30) else {
        println!("skipped: this machine does not let us mount a small file system");
        return;
    };
    let server_owner = std::fs::metadata(field.server.data_directory()).unwrap();
    let space = disk.0.join("space");
    std::fs::create_dir(&space).unwrap();
    use std::os::unix::fs::{MetadataExt, chown};
    chown(&space, Some(server_owner.uid()), Some(server_owner.gid())).unwrap();
    let ground = field.ground(ROWS, true);
    let name = ground.url.rsplit('/').next().unwrap();
    let server = field.server.url("postgres");
    postgres::execute(
        &server,
        &format!("CREATE TABLESPACE small LOCATION '{}'", space.display()),
    );
    postgres::execute(&server, &format!("ALTER DATABASE {name} SET TABLESPACE small"));
    let filler = disk.0.join("filler");
    let free = bytes_free(&disk.0);
    std::fs::write(&filler, vec![1; usize::try_from(free - 3_000_000).unwrap()]).unwrap();
    let said = ground.attempt(&["--retry-for", "5s"], "");
    assert_eq!(said.code, Some(7), "{said:?}");
    assert!(said.stderr.contains("Free disk space on the server"), "{said:?}");
    std::fs::remove_file(filler).unwrap();
    ground.finish();
    let back = format!("ALTER DATABASE {name} SET TABLESPACE pg_default");
    postgres::execute(&server, &back);
    postgres::execute(&server, "DROP TABLESPACE small");
}

/// Bytes that are free on a file system.
fn bytes_free(at: &Path) -> u64 {
    let output = Command::new("df")
        .args(["-B1", "--output=avail"])
        .arg(at)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().nth(1).unwrap().trim().parse().unwrap()
}
