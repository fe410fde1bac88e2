//! The census against the least it could cost: reading the same values over the same connection and
//! throwing them away.
//!
//! Each reading is a process of its own, so that its largest resident set is its own too. Rounds take
//! the two ways in alternating order, after a first reading of each, which is not counted and warms the page cache.

use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use outgrow_migrator::census::{Census, Trials};
use outgrow_migrator::source::Source;
use outgrow_migrator::source::catalog::Catalog;
use outgrow_migrator::source::scan::quote;
use serde::{Deserialize, Serialize};

use crate::arguments::{Arguments, Dataset};
use crate::children::{self, own_peak_bytes};
use crate::folder::Folder;
use crate::report::median;
use crate::{Outcome, datasets, say};

const SCAN: &str = "scan";
const CENSUS: &str = "census";

/// What one reading took.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reading {
    rows: u64,
    seconds: f64,
    peak_bytes: u64,
}

/// Measures every data set and prints the table.
pub fn run(arguments: &Arguments) -> Outcome<()> {
    let folder = Folder::create()?;
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header([
        "dataset",
        "rows",
        "MB",
        "scan s",
        "census s",
        "ratio",
        "rows/s",
        "scan peak MB",
        "census peak MB",
        "n",
    ]);
    for dataset in arguments.datasets() {
        say(&format!("{}: generating", dataset.name()))?;
        let file = datasets::generate(dataset, arguments, arguments.scale, folder.path())?;
        table.add_row(measure(dataset, &file, arguments.rounds, folder.path())?);
        std::fs::remove_file(&file)?;
    }
    table
        .column_iter_mut()
        .skip(1)
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{table}\n\n\
         Medians of n rounds, both ways in alternating order; ratio is the median of census / scan within a round.\n\
         scan: every value of every row read over one connection and thrown away. census: `Census::take` on \
         the same file,\nits tables side by side where there are several. Opening the file is in neither."
    )?;
    Ok(out.flush()?)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^53")]
fn measure(dataset: Dataset, file: &Path, rounds: u32, folder: &Path) -> Outcome<Vec<String>> {
    let reading = |way| reading(way, file, folder);
    let first = (reading(SCAN)?, reading(CENSUS)?);
    let mut pairs = Vec::new();
    for number in 1..=rounds {
        let (scan, census) = if number.is_multiple_of(2) {
            let census = reading(CENSUS)?;
            (reading(SCAN)?, census)
        } else {
            (reading(SCAN)?, reading(CENSUS)?)
        };
        say(&format!(
            "{}: round {number} of {rounds}: scan {:.3} s, census {:.3} s",
            dataset.name(),
            scan.seconds,
            census.seconds
        ))?;
        pairs.push((scan, census));
    }
    let of = |figure: &dyn Fn(&(Reading, Reading)) -> f64| median(pairs.iter().map(figure).collect());
    let rows = first.1.rows as f64;
    Ok(vec![
        dataset.name().to_owned(),
        first.1.rows.to_string(),
        format!("{:.1}", std::fs::metadata(file)?.len() as f64 / 1e6),
        format!("{:.3}", of(&|(scan, _)| scan.seconds)),
        format!("{:.3}", of(&|(_, census)| census.seconds)),
        format!("{:.2}", of(&|(scan, census)| census.seconds / scan.seconds)),
        format!("{:.0}k", of(&|(_, census)| rows / census.seconds / 1e3)),
        format!("{:.0}", of(&|(scan, _)| scan.peak_bytes as f64 / 1e6)),
        format!("{:.0}", of(&|(_, census)| census.peak_bytes as f64 / 1e6)),
        pairs.len().to_string(),
    ])
}

/// Starts this program again for one reading.
fn reading(way: &str, file: &Path, folder: &Path) -> Outcome<Reading> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--read-once", way]).arg(file);
    Ok(serde_json::from_str(
        &children::run(command, folder)?.success()?.stdout,
    )?)
}

/// Reads the file in one way and writes to stdout what it took.
pub fn read_once(way: &str, file: &Path) -> Outcome<()> {
    let source = Source::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let catalog = Catalog::read(&source)?;
    let started = Instant::now();
    let rows = match way {
        SCAN => scan(&source, &catalog)?,
        CENSUS => {
            let census = Census::take(&source, &catalog, &Trials::default(), |_, _, _| {})?;
            census.tables.iter().map(|table| table.rows).sum()
        }
        other => return Err(format!("there is no way {other} to read").into()),
    };
    let reading = Reading {
        rows,
        seconds: started.elapsed().as_secs_f64(),
        peak_bytes: own_peak_bytes(),
    };
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(&reading)?)?)
}

fn scan(source: &Source, catalog: &Catalog) -> Outcome<u64> {
    let mut count = 0;
    for table in &catalog.tables {
        let names: Vec<String> = table
            .read_columns()
            .map(|column| quote(&table.columns[column].name))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} NOT INDEXED",
            names.join(", "),
            quote(&table.name)
        );
        let mut statement = source.connection().prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for place in 0..names.len() {
                black_box(row.get_ref(place)?);
            }
            count += 1;
        }
    }
    Ok(count)
}
