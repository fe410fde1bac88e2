//! How the cost of a migration grows with rows and with tables, stage by stage. What a row costs at one size is
//! compared with what it costs at the smallest: a stage at 1.00 grows with its rows and no faster.

use std::io::{self, Write};

use crate::Outcome;
use crate::arguments::{Arguments, Dataset};
use crate::measure::Bench;
use crate::report::{median, seconds, table};
use crate::rounds::{self, Round, Rounds, STAGES};

/// Sizes as scales of the data set: 1 to 10 million rows of `narrow`, 1 to 300 tables of `many`.
const SIZES: [(Dataset, [f64; 4]); 2] = [
    (Dataset::Narrow, [1.0, 2.0, 5.0, 10.0]),
    (Dataset::Many, [1.0 / 300.0, 0.1, 1.0 / 3.0, 1.0]),
];

/// Measures every size and prints a table per data set.
pub fn run(bench: &Bench, arguments: &Arguments) -> Outcome<()> {
    for (dataset, scales) in SIZES {
        if !arguments.wants(dataset) {
            continue;
        }
        let results: Vec<Rounds> = scales
            .iter()
            .map(|scale| rounds::run(bench, dataset, arguments, scale * arguments.scale))
            .collect::<Outcome<_>>()?;
        print(dataset, &results)?;
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "Medians of {} rounds, seconds; x is the cost of a row (many: of a table) against that of the first line, \
         whole and per stage.\n{}",
        arguments.rounds,
        bench.settings()?
    )?;
    Ok(out.flush()?)
}

fn print(dataset: Dataset, results: &[Rounds]) -> Outcome<()> {
    let mut header = vec![
        "dataset",
        "tables",
        "rows",
        "MB",
        "ratio",
        "peak MiB",
        "outgrow s",
        "x",
    ];
    header.extend(STAGES.iter().flat_map(|stage| [*stage, "x"]));
    let costs: Vec<Vec<f64>> = results.iter().map(seconds_of_all).collect();
    let lines = results.iter().zip(&costs).map(|(result, cost)| {
        let mut line = line(result);
        let first = results.first().map_or(1.0, |first| units(dataset, first));
        let growth = units(dataset, result) / first;
        for (place, now) in cost.iter().enumerate() {
            line.push(seconds(*now));
            line.push(format!("{:.2}", now / costs[0][place] / growth));
        }
        line
    });
    let table = table(&header, lines);
    let mut out = io::stdout().lock();
    writeln!(out, "{table}\n")?;
    Ok(out.flush()?)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^53")]
fn line(result: &Rounds) -> Vec<String> {
    let of = |figure: &dyn Fn(&Round) -> f64| median(result.rounds.iter().map(figure).collect());
    vec![
        result.dataset.name().to_owned(),
        result.tables.to_string(),
        result.rows.to_string(),
        format!("{:.1}", result.file_bytes as f64 / 1e6),
        format!("{:.2}", of(&Round::ratio)),
        format!(
            "{:.0}",
            of(&|round| round.migration.run.peak_bytes as f64 / 1_048_576.0)
        ),
    ]
}

/// Seconds of the whole, then of each stage.
fn seconds_of_all(result: &Rounds) -> Vec<f64> {
    let of = |figure: &dyn Fn(&Round) -> f64| median(result.rounds.iter().map(figure).collect());
    let mut all = vec![of(&|round| round.migration.run.seconds)];
    all.extend((0..STAGES.len()).map(|stage| of(&|round| round.migration.stage_seconds[stage])));
    all
}

/// What the cost is counted by.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn units(dataset: Dataset, result: &Rounds) -> f64 {
    match dataset {
        Dataset::Many => result.tables as f64,
        _ => result.rows as f64,
    }
}
