//! The reader against every schema of the corpus, when it is there.

use super::*;

/// Every object of every database in the corpus is read, and tables agree with what SQLite says of them.
#[test]
fn the_corpus_is_read_whole() {
    let folder = std::env::var_os("OUTGROW_CORPUS").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/open"),
        std::path::PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(folder.join("db")) else {
        println!("no corpus at {}: skipped", folder.display());
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let mut objects = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let file_name = path.file_name().unwrap().to_string_lossy().into_owned();
        let copy = scratch.path().join(file_name.trim_end_matches(".zst"));
        if file_name.ends_with(".zst") {
            let unpacked = std::process::Command::new("zstd")
                .args(["-dq", "-o"])
                .arg(&copy)
                .arg(&path)
                .status();
            if !unpacked.is_ok_and(|status| status.success()) {
                println!("{file_name} is packed and zstd is missing: skipped");
            }
        } else {
            std::fs::copy(&path, &copy).unwrap();
        }
    }
    for entry in std::fs::read_dir(scratch.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.contains("-wal") && !name.contains("-shm") && !name.ends_with(".sql") {
            objects += agrees_with_sqlite(&path);
        }
    }
    println!("{objects} objects read");
    assert!(objects > 100);
}

fn agrees_with_sqlite(path: &std::path::Path) -> usize {
    let source = rusqlite::Connection::open(path).unwrap();
    let mut statement = source
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .unwrap();
    let texts: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (name, sql) in &texts {
        let ddl = read(name, sql).unwrap_or_else(|error| panic!("{}: {error}\n{sql}", path.display()));
        let Ddl::Table(table) = ddl else { continue };
        let mut info = source
            .prepare(
                "SELECT name, type, \"notnull\" FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid",
            )
            .unwrap();
        let told: Vec<(String, String, bool)> = info
            .query_map([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let squeeze = |text: &str| {
            text.to_lowercase()
                .replace(' ', "")
                .replace("generatedalways", "")
        };
        let seen: Vec<_> = table
            .columns
            .iter()
            .map(|column| {
                (
                    column.name.clone(),
                    squeeze(column.declared_type.as_deref().unwrap_or_default()),
                )
            })
            .collect();
        let expected: Vec<_> = told
            .iter()
            .map(|(name, kind, _)| (name.clone(), squeeze(kind)))
            .collect();
        assert_eq!(seen, expected, "{} {name}", path.display());
        // SQLite adds NOT NULL to the key of a WITHOUT ROWID table by itself.
        for (column, (_, _, not_null)) in table.columns.iter().zip(&told) {
            assert!(
                column.not_null.is_none() || *not_null,
                "{} {name} {}",
                path.display(),
                column.name
            );
            assert!(
                table.without_rowid || column.not_null.is_some() == *not_null,
                "{name} {}",
                column.name
            );
        }
    }
    texts.len()
}
