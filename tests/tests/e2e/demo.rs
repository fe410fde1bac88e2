//! The demo from end to end, with short windows: it proves, it leaves nothing, and it can be stopped anywhere.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use outgrow_e2e::processes::{assert_nothing_left, processes_of, send};
use outgrow_e2e::programs::{example, from_setup, outgrow};
use serde_json::Value;

/// A folder for one demo: its working directory, and the parent of its temporary folders.
struct Ground(PathBuf);

impl Ground {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short, since a Unix socket lies in it; open, since root's Postgres runs and cleans up as another user.
        let folder = PathBuf::from(format!("/tmp/og-demo-{}-{number}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o1777)).unwrap();
        Self(folder)
    }

    fn demo(&self) -> Command {
        self.demo_with(&example("checkpoint_store"))
    }

    fn demo_with(&self, store: &Path) -> Command {
        let mut command = Command::new(outgrow());
        command
            .args(["demo", "--calm", "2s", "--window", "4s", "--history", "400"])
            .arg("--store")
            .arg(store)
            .env("TMPDIR", &self.0)
            .env("OUTGROW_PG_BINDIR", from_setup("OUTGROW_PG_BINDIR"))
            // The private server must be taken whatever the user's environment says.
            .env("PGSSLMODE", "verify-full")
            .env("PGHOST", "db.example.org")
            .current_dir(&self.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads the story until a line contains `mark`; what came before.
fn read_until(story: &mut impl BufRead, mark: &str) -> String {
    let mut told = String::new();
    while !told.contains(mark) {
        let length = story.read_line(&mut told).unwrap();
        assert_ne!(length, 0, "the demo ended before {mark:?}:\n{told}");
    }
    told
}

#[test]
fn the_demo_ends_equal_and_leaves_its_certificate_alone() {
    let ground = Ground::new();
    let said = ground.demo().output().unwrap();
    let (result, story) = (
        String::from_utf8(said.stdout).unwrap(),
        String::from_utf8(said.stderr).unwrap(),
    );
    assert_eq!(said.status.code(), Some(0), "{story}");
    for told in [
        "verdict  SQLite sufficient",
        "MIGRATE NOW - Write errors >1%",
        "DIFFERENT  1 row differs",
        "column checkpoint",
        "both sides EQUAL",
    ] {
        assert!(story.contains(told), "{told}:\n{story}");
    }
    assert!(!story.contains('\x1b'), "no terminal, no escapes");
    assert!(result.starts_with("EQUAL "), "{result}");

    let files = ground.files();
    let [certificate] = files.as_slice() else {
        panic!("left behind: {files:?}")
    };
    assert!(
        result.contains(certificate.file_name().unwrap().to_str().unwrap()),
        "{result}"
    );
    let certificate: Value = serde_json::from_slice(&fs::read(certificate).unwrap()).unwrap();
    assert_eq!(certificate["verdict"], "EQUAL");
    assert_eq!(certificate["source"]["root"], certificate["target"]["root"]);
    assert!(result.contains(certificate["source"]["root"].as_str().unwrap()));
    assert_eq!(processes_of(&ground.0), [0_u32; 0]);
}

fn stop(mut child: Child, rest: &mut impl Read) -> (Option<i32>, String) {
    send("INT", child.id());
    let mut told = String::new();
    rest.read_to_string(&mut told).unwrap();
    (child.wait().unwrap().code(), told)
}

fn assert_only_the_folder_is_left(ground: &Ground, process_id: u32) {
    for left in ground.files() {
        assert_nothing_left(process_id, &left);
    }
    assert!(ground.files().is_empty(), "{:?}", ground.files());
    assert_eq!(processes_of(&ground.0), [0_u32; 0]);
}

#[test]
fn it_can_be_interrupted_in_any_chapter_and_leaves_nothing() {
    for chapter in [
        "metrics  http",
        "2  Its users multiply",
        "3  Cut-over",
        "5  outgrow migrate",
        "7  Would it notice?",
    ] {
        let ground = Ground::new();
        let mut child = ground.demo().spawn().unwrap();
        let process_id = child.id();
        let mut story = BufReader::new(child.stderr.take().unwrap());
        read_until(&mut story, chapter);
        let (exit, rest) = stop(child, &mut story);
        assert_eq!(exit, Some(7), "{chapter}: {rest}");
        assert!(rest.contains("stopped by SIGINT"), "{chapter}: {rest}");
        assert_only_the_folder_is_left(&ground, process_id);
    }
}

#[test]
fn both_databases_can_be_kept_and_go_at_the_interrupt_that_was_announced() {
    let ground = Ground::new();
    let mut child = ground.demo().arg("--keep").spawn().unwrap();
    let process_id = child.id();
    let mut result = BufReader::new(child.stdout.take().unwrap());
    let told = read_until(&mut result, "psql postgresql://");
    assert!(told.contains("Kept until Ctrl-C"), "{told}");
    assert_eq!(
        ground.files().len(),
        3,
        "store, server and certificate: {:?}",
        ground.files()
    );
    let (exit, _) = stop(child, &mut result);
    assert_eq!(exit, Some(0));
    let is_certificate = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "json");
    for left in ground.files().iter().filter(|path| !is_certificate(path)) {
        assert_nothing_left(process_id, left);
    }
    assert!(ground.files().iter().all(is_certificate));
    assert_eq!(processes_of(&ground.0), [0_u32; 0]);
}

#[test]
fn without_its_store_the_demo_says_how_to_build_it() {
    let ground = Ground::new();
    let said = ground.demo_with(Path::new("/no/such/store")).output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    let story = String::from_utf8(said.stderr).unwrap();
    assert!(
        story.contains("/no/such/store") && story.contains("make demo"),
        "{story}"
    );
    assert!(ground.files().is_empty(), "{:?}", ground.files());
}
