//! Seeds for the fuzz targets: what a fuzzer would need days to find letter by letter.
//!
//! `fuzz_seeds OUT SQLITE...` writes DDL texts, expressions and small database files below OUT, a folder per
//! target, from the lists in `fuzz/seeds` and from the SQLite files named. A file that cannot be read is itself
//! a seed of the target `open` and of nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use outgrow_e2e::programs::repository_file;
use outgrow_migrator::source::ddl::{Ddl, KeyTerm, read};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

/// Larger texts and files slow every later run of a target down.
const TEXT_BYTES_MAX: usize = 8 * 1024;
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Choices of columns that stand before an expression in the target `translate`: numbers, texts, the rest.
const COLUMNS: [&[u8; 8]; 3] = [
    b"\x00\x30\x53\x10\x11\x40\x64\x00",
    b"\x53\x10\x53\x11\x53\x15\x53\x10",
    b"\x40\x30\x20\x20\x85\x10\x73\x10",
];

struct Seeds {
    out: PathBuf,
}

impl Seeds {
    fn write(&self, target: &str, bytes: &[u8]) {
        let digest = Sha256::digest(bytes);
        let name: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = self.out.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    }

    fn expression(&self, text: &str) {
        for columns in COLUMNS {
            self.write("translate", &[columns.as_slice(), text.as_bytes()].concat());
        }
    }

    fn ddl(&self, sql: &str) {
        if sql.len() > TEXT_BYTES_MAX {
            return;
        }
        self.write("ddl", sql.as_bytes());
        match read("seed", sql) {
            Ok(Ddl::Table(table)) => {
                let of_columns = table.columns.iter().flat_map(|column| &column.checks);
                let checks = of_columns.chain(&table.checks).map(|check| &check.expr);
                let defaults = table.columns.iter().filter_map(|column| column.default.as_ref());
                let generated = table
                    .columns
                    .iter()
                    .filter_map(|column| column.generated.as_ref());
                let all = checks.chain(defaults).chain(generated.map(|column| &column.expr));
                all.for_each(|source| self.expression(&source.text));
            }
            Ok(Ddl::Index(index)) => {
                for part in &index.parts {
                    if let KeyTerm::Expr(source) = &part.term {
                        self.expression(&source.text);
                    }
                }
                index
                    .where_clause
                    .iter()
                    .for_each(|source| self.expression(&source.text));
            }
            _ => {}
        }
    }

    fn database(&self, path: &Path) {
        if fs::metadata(path).is_ok_and(|metadata| metadata.len() <= FILE_BYTES_MAX) {
            self.write("open", &fs::read(path).unwrap());
        }
        for sql in ddl_texts(path).unwrap_or_default() {
            self.ddl(&sql);
        }
    }
}

fn ddl_texts(path: &Path) -> rusqlite::Result<Vec<String>> {
    let source = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = source.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    let texts = statement.query_map([], |row| row.get(0))?;
    texts.collect()
}

fn main() {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let seeds = Seeds {
        out: arguments.next().expect("the folder for the seeds comes first"),
    };
    for line in repository_file("fuzz/seeds/expressions.txt").lines() {
        seeds.expression(line);
        seeds.ddl(&format!(
            "CREATE TABLE t (a, b DEFAULT ({line}), c AS ({line}), CHECK ({line}))"
        ));
        seeds.ddl(&format!("CREATE INDEX i ON t ({line}) WHERE {line}"));
    }
    let scratch = tempfile::tempdir().unwrap();
    let schemas = repository_file("fuzz/seeds/schemas.sql");
    for (number, script) in schemas.split("-- next file\n").enumerate() {
        let path = scratch.path().join(format!("{number}.db"));
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(script)
            .unwrap_or_else(|error| panic!("{script}: {error}"));
        drop(connection);
        seeds.database(&path);
    }
    arguments.for_each(|path| seeds.database(&path));
}
