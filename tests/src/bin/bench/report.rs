//! Medians, and the table that shows them.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::Outcome;
use crate::rounds::{Round, Rounds, STAGES};

/// Prints one line per data set, and how to read it.
pub fn print(results: &[Rounds], server_version: &str) -> Outcome<()> {
    let mut table = Table::new();
    table.load_style(NOTHING);
    let figures = ["rows", "MB", "limit s", "outgrow s", "ratio", "rows/s", "peak MB"];
    let header = ["dataset"].iter().chain(&figures).chain(&STAGES);
    table.set_header(header.chain(&["verify alone rows/s", "n"]));
    results.iter().for_each(|result| {
        table.add_row(line(result));
    });
    table
        .column_iter_mut()
        .skip(1)
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{table}\n\n\
         Medians of n rounds, limit and outgrow in turn; ratio is the median of outgrow / limit within a round.\n\
         limit: psql, \\copy of binary files of the same rows, then the same keys and indexes, one connection.\n\
         outgrow: `outgrow migrate` from start to exit; verification and certificate are included.\n\
         {} are its stages in seconds. Memory is that of outgrow alone.\n\
         Both sides: Postgres {server_version}, fsync on, shared_buffers 1GB, max_wal_size 8GB, TOAST by lz4 where \
         the server has it,\na fresh database and a CHECKPOINT before each timing.",
        STAGES.join(", ")
    )?;
    Ok(out.flush()?)
}

/// Prints what the agent adds to a write.
pub fn print_agent(added_nanoseconds: f64) -> Outcome<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\nagent: the wrapper adds {added_nanoseconds:.0} ns to a write (median of paired blocks)."
    )?;
    Ok(out.flush()?)
}

/// The figure of the line `added by the wrapper  median   84.1 ns`.
pub fn added_nanoseconds(text: &str) -> Option<f64> {
    let line = text
        .lines()
        .find(|line| line.starts_with("added by the wrapper"))?;
    let mut words = line.split_whitespace().rev();
    (words.next()? == "ns").then_some(())?;
    words.next()?.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^53")]
fn line(result: &Rounds) -> Vec<String> {
    let of = |figure: &dyn Fn(&Round) -> f64| median(result.rounds.iter().map(figure).collect());
    let rows = result.rows as f64;
    let thousands = |per_second: f64| format!("{:.0}k", per_second / 1e3);
    let mut line = vec![
        result.dataset.name().to_owned(),
        result.rows.to_string(),
        format!("{:.1}", result.file_bytes as f64 / 1e6),
        format!("{:.2}", of(&|round| round.limit_seconds)),
        format!("{:.2}", of(&|round| round.migrate_seconds)),
        format!("{:.2}", of(&|round| round.migrate_seconds / round.limit_seconds)),
        thousands(of(&|round| rows / round.migrate_seconds)),
        format!("{:.0}", of(&|round| round.migrate_peak_bytes as f64 / 1e6)),
    ];
    line.extend((0..STAGES.len()).map(|stage| format!("{:.2}", of(&|round| round.stage_seconds[stage]))));
    line.push(thousands(of(&|round| rows / round.verify_seconds)));
    line.push(result.rounds.len().to_string());
    line
}

/// The middle sample, or the mean of the two in the middle; NaN without any.
pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    match samples.as_slice() {
        [] => f64::NAN,
        odd if odd.len() % 2 == 1 => odd[middle],
        even => f64::midpoint(even[middle - 1], even[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]).to_bits(), 2.5_f64.to_bits());
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn the_agents_figure_is_found() {
        let text = "plain write           median   900.0 ns\nadded by the wrapper  median     84.1 ns\n";
        assert_eq!(
            added_nanoseconds(text).map(f64::to_bits),
            Some(84.1_f64.to_bits())
        );
        assert_eq!(added_nanoseconds("added by the wrapper  median"), None);
    }
}
