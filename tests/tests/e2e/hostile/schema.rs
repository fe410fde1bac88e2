//! Schemas by chance: every kind of table, key, constraint and index that SQLite has.

use super::expressions::{check, computed};
use super::names::{Names, quoted};
use super::random::Random;
use super::values::Flavour;

pub struct Column {
    pub name: String,
    pub flavour: Flavour,
    pub generated: bool,
    /// CHECKs written at the column.
    checks: usize,
    sql: String,
}

pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// CHECKs written as table constraints.
    checks: usize,
    /// Columns of the primary key by place, in the order of the key.
    key: Vec<usize>,
    /// Columns with a UNIQUE of their own, by place.
    unique: Vec<usize>,
    constraints: Vec<String>,
    options: &'static str,
}

const DECLARED: &[&str] = &[
    "",
    "INT",
    "INTEGER",
    "BIGINT UNSIGNED",
    "TEXT",
    "VARCHAR(10)",
    "nchar(5)",
    "CLOB",
    "BLOB",
    "REAL",
    "DOUBLE PRECISION",
    "FLOAT",
    "NUMERIC",
    "DECIMAL(10,2)",
    "NUMERIC(40, 0)",
    "DECIMAL(5,5)",
    "BOOLEAN",
    "DATE",
    "DATETIME",
    "TIMESTAMP",
    "JSON",
    "UUID",
    "ANY",
    "byte[]",
    "STRING",
    "FLOATING POINT",
    "\"odd 'type\"",
];

const STRICT_TYPES: &[&str] = &["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];

const DEFAULTS: &[&str] = &[
    "NULL",
    "0",
    "-1",
    "+5",
    "1.5",
    "9223372036854775807",
    "-9223372036854775808",
    "1e3",
    "0x10",
    "TRUE",
    "false",
    "''",
    "'it''s'",
    "'back\\slash\nline'",
    "\"double\"",
    "bare",
    "x'00ff'",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "(datetime('now'))",
    "(strftime('%s','now'))",
    "(1 + 2 * 3)",
    "('a' || 'b')",
    "(random())",
    "(lower(hex(randomblob(16))))",
    "'2024-01-01 00:00:00'",
    "'null'",
];

/// The declared type that an application would give such values, or any at all.
fn declared(flavour: Flavour, random: &mut Random) -> &'static str {
    let usual: &[&str] = match flavour {
        Flavour::Integers => &["INTEGER", "INT", "BIGINT", ""],
        Flavour::Booleans => &["BOOLEAN", "BOOL", "INTEGER"],
        Flavour::Reals => &["REAL", "DOUBLE", "FLOAT"],
        Flavour::Fractions => &["NUMERIC", "REAL", ""],
        Flavour::Decimals => &["DECIMAL(10,2)", "NUMERIC(12,4)", "DECIMAL(10, 2)"],
        Flavour::Texts | Flavour::Numerals | Flavour::BrokenTexts => &["TEXT", "VARCHAR(255)", "CLOB"],
        Flavour::Blobs => &["BLOB", ""],
        Flavour::Timestamps(_) => &["DATETIME", "TIMESTAMP", "TEXT"],
        Flavour::Uuids => &["UUID", "CHAR(36)", "TEXT"],
        Flavour::Dates | Flavour::OddTimes => &["DATE", "DATETIME", "TEXT"],
        Flavour::Nulls | Flavour::Mixed => DECLARED,
    };
    let from = if random.chance(85) { usual } else { DECLARED };
    random.pick::<&'static str>(from)
}

fn column(strict: bool, names: &mut Names, earlier: &[Column], random: &mut Random) -> Column {
    let name = names.next("c", random);
    let flavour = Flavour::choose(random);
    let kind = if strict {
        *random.pick(STRICT_TYPES)
    } else {
        declared(flavour, random)
    };
    let mut sql = format!("{} {kind}", quoted(&name));
    let generated = !earlier.is_empty() && random.chance(8);
    if generated {
        let from = quoted(&random.pick(earlier).name);
        let how = random.pick(&["STORED", "VIRTUAL", ""]);
        let words = random.pick(&["GENERATED ALWAYS AS", "AS"]);
        sql.push_str(&format!(" {words} ({}) {how}", computed(&from, random)));
    } else if random.chance(25) {
        sql.push_str(&format!(" DEFAULT {}", random.pick(DEFAULTS)));
    }
    if random.chance(20) {
        sql.push_str(random.pick::<&str>(&[
            " NOT NULL",
            " CONSTRAINT \"nn\" NOT NULL",
            " NOT NULL ON CONFLICT IGNORE",
            " NULL",
        ]));
    }
    if random.chance(7) {
        sql.push_str(random.pick::<&str>(&[
            " COLLATE NOCASE",
            " COLLATE NOCASE",
            " COLLATE RTRIM",
            " COLLATE binary",
        ]));
    }
    let checks = usize::from(random.chance(12));
    if checks > 0 {
        sql.push_str(&check(&quoted(&name), random));
    }
    Column {
        name,
        flavour,
        generated,
        checks,
        sql,
    }
}

/// A table; `others` are those made before, to which its foreign keys may point.
pub fn table(names: &mut Names, others: &[Table], random: &mut Random) -> Table {
    let strict = random.chance(15);
    let (mut own, mut columns) = (Names::default(), Vec::new());
    for _ in 0..1 + random.below(7) {
        let next = column(strict, &mut own, &columns, random);
        columns.push(next);
    }
    let mut table = Table {
        name: names.next("t", random),
        columns,
        checks: 0,
        key: Vec::new(),
        unique: Vec::new(),
        constraints: Vec::new(),
        options: if strict { " STRICT" } else { "" },
    };
    primary_key(&mut table, strict, random);
    unique_keys(&mut table, random);
    if random.chance(10) {
        table.checks += 1;
        let name = quoted(&random.pick(&table.columns).name);
        table.constraints.push(check(&name, random));
    }
    for _ in 0..random.below(3) {
        foreign_key(&mut table, others, random);
    }
    table
}

fn primary_key(table: &mut Table, strict: bool, random: &mut Random) {
    let shape = random.below(10);
    if shape < 4 {
        let sql = *random.pick(&[
            "INTEGER PRIMARY KEY",
            "INTEGER PRIMARY KEY AUTOINCREMENT",
            "INTEGER PRIMARY KEY DESC",
            "INTEGER CONSTRAINT pk PRIMARY KEY ON CONFLICT REPLACE",
        ]);
        let first = &mut table.columns[0];
        (first.sql, first.flavour, first.checks) =
            (format!("{} {sql}", quoted(&first.name)), Flavour::Integers, 0);
        table.key = vec![0];
        return;
    }
    if shape > 7 {
        return;
    }
    let mut places: Vec<usize> = (0..table.columns.len())
        .filter(|at| !table.columns[*at].generated)
        .collect();
    if places.is_empty() {
        return;
    }
    let wanted = 1 + random.below(places.len().min(3));
    while table.key.len() < wanted {
        table.key.push(places.swap_remove(random.below(places.len())));
    }
    let parts = key_parts(table, &table.key, 3, random);
    table.constraints.push(format!("PRIMARY KEY ({parts})"));
    if random.chance(60) {
        table.options = if strict {
            " STRICT, WITHOUT ROWID"
        } else {
            " WITHOUT ROWID"
        };
    }
}

/// Columns as a key or an index lists them, some with a collation or an order of their own.
fn key_parts(table: &Table, places: &[usize], collated_percent: usize, random: &mut Random) -> String {
    let parts = places.iter().map(|place| {
        let mut part = quoted(&table.columns[*place].name);
        if random.chance(collated_percent) {
            part.push_str(random.pick::<&str>(&[" COLLATE NOCASE", " COLLATE BINARY"]));
        }
        if random.chance(20) {
            part.push_str(" DESC");
        }
        part
    });
    parts.collect::<Vec<String>>().join(", ")
}

fn unique_keys(table: &mut Table, random: &mut Random) {
    if random.chance(25) {
        let place = random.below(table.columns.len());
        table.unique.push(place);
        table
            .constraints
            .push(format!("UNIQUE ({})", quoted(&table.columns[place].name)));
    }
    if random.chance(10) {
        let places = [
            random.below(table.columns.len()),
            random.below(table.columns.len()),
        ];
        let parts = key_parts(table, &places, 5, random);
        table
            .constraints
            .push(format!("CONSTRAINT \"u k\" UNIQUE ({parts})"));
    }
}

fn foreign_key(table: &mut Table, others: &[Table], random: &mut Random) {
    let place = random.below(others.len() + 1);
    let parent = others.get(place).unwrap_or(table);
    let own = |random: &mut Random| quoted(&random.pick(&table.columns).name);
    let (count, columns) = match random.below(4) {
        0 if !parent.unique.is_empty() => (
            1,
            format!(" ({})", quoted(&parent.columns[parent.unique[0]].name)),
        ),
        1 if !parent.key.is_empty() => {
            let names: Vec<String> = parent
                .key
                .iter()
                .map(|at| quoted(&parent.columns[*at].name))
                .collect();
            (names.len(), format!(" ({})", names.join(", ")))
        }
        2 if random.chance(10) => (1, " (\"no such column\")".to_owned()),
        _ => (parent.key.len().max(1), String::new()),
    };
    let children: Vec<String> = (0..count).map(|_| own(random)).collect();
    let parent_name = if random.chance(3) {
        "not there".to_owned()
    } else {
        parent.name.clone()
    };
    let action = random.pick(&[
        "",
        " ON DELETE CASCADE",
        " ON UPDATE SET NULL ON DELETE SET DEFAULT",
        " MATCH FULL",
    ]);
    let defer = random.pick(&[
        "",
        " DEFERRABLE INITIALLY DEFERRED",
        " NOT DEFERRABLE",
        " DEFERRABLE",
    ]);
    table.constraints.push(format!(
        "FOREIGN KEY ({}) REFERENCES {}{columns}{action}{defer}",
        children.join(", "),
        quoted(&parent_name)
    ));
}

impl Table {
    /// How many CHECKs it has; no PRAGMA lists them.
    pub fn checks(&self) -> usize {
        self.checks + self.columns.iter().map(|column| column.checks).sum::<usize>()
    }

    pub fn create(&self) -> String {
        let columns = self.columns.iter().map(|column| column.sql.clone());
        let lines: Vec<String> = columns.chain(self.constraints.iter().cloned()).collect();
        format!(
            "CREATE TABLE {} (\n  {}\n){}",
            quoted(&self.name),
            lines.join(",\n  "),
            self.options
        )
    }

    /// Indexes, views and triggers over it; some of them SQLite refuses.
    pub fn extras(&self, names: &mut Names, random: &mut Random) -> Vec<String> {
        let mut extras = Vec::new();
        for _ in 0..random.below(3) {
            let places = [random.below(self.columns.len()), random.below(self.columns.len())];
            let column = quoted(&self.columns[places[0]].name);
            let terms = match random.below(7) {
                0 => format!("lower({column})"),
                1 => format!("{column} COLLATE NOCASE"),
                2 => format!("coalesce({column}, '')"),
                3 => format!("{column} IS NULL, length({column}) DESC"),
                _ => key_parts(self, &places[..1 + random.below(2)], 2, random),
            };
            let condition = match random.below(9) {
                0 => format!(" WHERE {column} IS NOT NULL"),
                1 => format!(" WHERE {column} > 5"),
                2 => format!(" WHERE {column} = 'a' OR {column} IN (1, 2)"),
                3 => format!(" WHERE {column} LIKE 'a%'"),
                _ => String::new(),
            };
            let unique = if random.chance(20) { "UNIQUE " } else { "" };
            let (name, table) = (quoted(&names.next("ix", random)), quoted(&self.name));
            extras.push(format!(
                "CREATE {unique}INDEX {name} ON {table} ({terms}){condition}"
            ));
        }
        if random.chance(15) {
            let name = quoted(&names.next("v", random));
            extras.push(format!(
                "CREATE VIEW {name} AS SELECT * FROM {}",
                quoted(&self.name)
            ));
        }
        if random.chance(15) {
            let (name, table) = (quoted(&names.next("tr", random)), quoted(&self.name));
            extras.push(format!(
                "CREATE TRIGGER {name} AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END"
            ));
        }
        extras
    }
}
