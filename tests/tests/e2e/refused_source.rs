//! Sources that cannot be read or must not be trusted: refused by name, nothing written anywhere.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use outgrow_e2e::programs::outgrow;
use rusqlite::Connection;

use crate::scene::{Said, Scene};
use crate::sources;

const ONE_TABLE: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a VALUES (1, 'x');";

/// Every command that reads a source refuses this one with exit code 3 and these words; the target stays.
#[track_caller]
fn assert_refused(scene: &Scene, words: &[&str]) {
    let source = scene.source.to_str().unwrap();
    for verb in ["inspect", "plan"] {
        scene.run(&[verb, source]).refuses(3, words);
    }
    let before = scene.catalog();
    scene.migrate(&[]).refuses(3, words);
    scene.verify(&[]).refuses(3, words);
    assert_eq!(before, scene.catalog());
    assert_eq!(
        fs::read_dir(scene.work()).unwrap().count(),
        0,
        "something was written"
    );
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let text = |path: &Path| fs::write(path, "id,name\n1,x\n".repeat(100)).unwrap();
    let scene = Scene::made("notes.csv", text);
    assert_refused(&scene, &["notes.csv", "is not a SQLite database", "SQLCipher"]);
}

#[test]
fn a_missing_file_is_refused() {
    let scene = Scene::made("gone.db", |_| ());
    assert_refused(&scene, &["there is no file", "gone.db"]);
}

#[test]
fn an_empty_file_is_refused() {
    let scene = Scene::made("empty.db", |path| fs::write(path, "").unwrap());
    assert_refused(&scene, &["empty.db", "0 bytes"]);
}

#[test]
fn a_directory_is_refused() {
    let scene = Scene::made("folder.db", |path| fs::create_dir(path).unwrap());
    assert_refused(&scene, &["folder.db", "not a regular file"]);
}

#[test]
fn a_pipe_is_refused_at_once_and_not_waited_for() {
    let scene = Scene::made("pipe.db", |path| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    });
    assert_refused(&scene, &["pipe.db", "not a regular file"]);
}

#[test]
fn a_header_alone_is_refused() {
    let scene = Scene::made("cut.db", |path| {
        let whole = fs::read(sources::chinook()).unwrap();
        fs::write(path, &whole[..100]).unwrap();
    });
    assert_refused(&scene, &["cut.db", "is damaged"]);
}

#[test]
fn a_truncated_file_is_refused() {
    let scene = Scene::made("cut.db", |path| {
        let whole = fs::read(sources::chinook()).unwrap();
        fs::write(path, &whole[..whole.len() / 10 * 7]).unwrap();
    });
    assert_refused_when_read(&scene, &["cut.db", "is damaged"]);
}

#[test]
fn a_flipped_byte_in_an_index_is_refused() {
    let scene = Scene::made("flipped.db", |path| {
        sources::script(
            path,
            "PRAGMA page_size = 512; CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i ON a (v); \
             INSERT INTO a VALUES (1, 'needle in the stack');",
        );
        let mut bytes = fs::read(path).unwrap();
        let last = bytes.windows(6).rposition(|w| w == b"needle").unwrap();
        bytes[last] = b'N';
        fs::write(path, bytes).unwrap();
    });
    assert_refused_when_read(&scene, &["flipped.db", "is damaged", "index i"]);
}

/// As [`assert_refused`]; `verify` reads its record first, and there is none.
#[track_caller]
fn assert_refused_when_read(scene: &Scene, words: &[&str]) {
    let source = scene.source.to_str().unwrap();
    scene.run(&["inspect", source]).refuses(3, words);
    let before = scene.catalog();
    scene.migrate(&[]).refuses(3, words);
    assert_eq!(before, scene.catalog());
}

#[test]
fn a_database_without_a_table_is_refused() {
    let scene = Scene::script("CREATE TABLE a (x); DROP TABLE a;");
    let source = scene.source.to_str().unwrap();
    scene.run(&["inspect", source]).refuses(3, &["holds no table"]);
    scene.migrate(&[]).refuses(3, &["holds no table"]);
}

#[test]
fn a_locked_file_is_refused_after_a_while() {
    let scene = Scene::script(ONE_TABLE);
    let application = Connection::open(&scene.source).unwrap();
    application
        .execute_batch("PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE; INSERT INTO a VALUES (2, 'y')")
        .unwrap();
    let said = Said::of(
        &scene
            .command()
            .args(["inspect", scene.source.to_str().unwrap()])
            .output()
            .unwrap(),
    );
    said.refuses(3, &["app.db", "is locked"]);
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs the command as a user who owns nothing here, since root may read and write everything.
fn run_without_rights(scene: &Scene, arguments: &[&str]) -> Said {
    set_mode(scene.work().parent().unwrap(), 0o755);
    set_mode(&scene.work(), 0o777);
    // The target folder may lie where only its owner can go.
    let program = scene.work().with_file_name("outgrow");
    fs::hard_link(outgrow(), &program)
        .or_else(|_| fs::copy(outgrow(), &program).map(drop))
        .unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program);
    if !is_root() {
        command = Command::new(&program);
    }
    scene.isolate(&mut command);
    let said = scene.check(command.args(arguments));
    fs::remove_file(program).unwrap();
    said
}

#[test]
fn a_file_without_the_right_to_read_is_refused() {
    let scene = Scene::script(ONE_TABLE);
    set_mode(&scene.source, 0o000);
    let said = run_without_rights(&scene, &["inspect", scene.source.to_str().unwrap()]);
    set_mode(&scene.source, 0o600);
    said.refuses(3, &["app.db", "cannot be read", "Permission denied"]);
}

#[test]
fn a_wal_file_in_a_folder_that_cannot_be_written_is_refused_with_the_way_out() {
    let make = |path: &Path| sources::with_live_wal(path, ONE_TABLE, "INSERT INTO a VALUES (2, 'y')");
    let scene = Scene::made("app.db", make);
    let folder = scene.source.parent().unwrap();
    for file in fs::read_dir(folder).unwrap() {
        set_mode(&file.unwrap().path(), 0o444);
    }
    set_mode(folder, 0o555);
    let said = run_without_rights(&scene, &["inspect", scene.source.to_str().unwrap()]);
    set_mode(folder, 0o755);
    said.refuses(3, &["app.db", "WAL mode", "directory cannot be written", "-wal"]);
}

#[test]
fn a_rollback_file_in_a_folder_that_cannot_be_written_is_read() {
    let scene = Scene::script(ONE_TABLE);
    let folder = scene.source.parent().unwrap();
    set_mode(&scene.source, 0o444);
    set_mode(folder, 0o555);
    let said = run_without_rights(&scene, &["inspect", scene.source.to_str().unwrap()]);
    set_mode(folder, 0o755);
    said.exits(0);
}

#[test]
fn a_certificate_that_cannot_be_written_is_refused_before_anything_is_read() {
    let scene = Scene::script(ONE_TABLE);
    let before = scene.catalog();
    scene
        .migrate(&["--certificate", "no/such/folder.json"])
        .refuses(2, &["no/such/folder.json"]);
    fs::write(scene.work().join("old.json"), "keep me").unwrap();
    scene
        .migrate(&["--certificate", "old.json"])
        .refuses(2, &["old.json", "exists"]);
    assert_eq!(
        fs::read_to_string(scene.work().join("old.json")).unwrap(),
        "keep me"
    );
    assert_eq!(before, scene.catalog());
}
