//! The tables, and how to read them. Every ratio is one within a round; its median is shown with the least and the
//! greatest.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::Outcome;
use crate::bound::{self, Bound, Figures};
use crate::limit::Load;
use crate::measure::Run;
use crate::rounds::{COPY, KEYS, Round, Rounds, STAGES};

/// Memory that outgrow may use beside twice the largest value.
const MEMORY_BOUND_BYTES: u64 = 256 << 20;

/// Bytes of a MiB, in which memory is counted.
const MIB: f64 = 1_048_576.0;

/// Prints the data sets: whole migrations, then their stages, then the peers.
pub fn print(results: &[Rounds], settings: &str) -> Outcome<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}\n\n\
         Medians of n rounds, in every second round in the opposite order; ratio is that of outgrow / limit within a \
         round.\n\
         limit: psql, \\copy of binary files of the same rows, then the same keys and indexes, one connection.\n\
         outgrow: `outgrow migrate` from start to exit; verification and certificate are included.\n",
        migrations(results)
    )?;
    writeln!(
        out,
        "{}\n\n\
         Stages in seconds. peak: largest resident set of outgrow; may be: 256 MiB and twice the largest value.\n\
         CPU in seconds, all processes of the server included.\n{}\n",
        stages(results),
        bound::rule()
    )?;
    if results.iter().any(|result| !result.standings.is_empty()) {
        writeln!(
            out,
            "{}\n\n\
             Everybody fills the same empty tables, and but for outgrow the same script adds the keys. Only outgrow \
             verifies.\n\
             limit: ratio to the limit. outgrow: outgrow's time to this one's. copy s: the rows alone, without keys \
             and for DuckDB without its start;\noutgrow copy: outgrow's stage to it. rows: tables whose count is right. values: `outgrow \
             verify` of what was loaded.\n",
            peers(results)
        )?;
    }
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    writeln!(
        out,
        "Everybody: {settings};\n{processors} CPUs, a fresh database, a CHECKPOINT and a sync before each timing."
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
fn migrations(results: &[Rounds]) -> Table {
    let header = [
        "dataset",
        "rows",
        "MB",
        "limit s",
        "outgrow s",
        "ratio",
        "min..max",
        "rows/s",
        "verify alone rows/s",
        "n",
    ];
    table(
        &header,
        results.iter().map(|result| {
            let of = |figure: &dyn Fn(&Round) -> f64| median(result.rounds.iter().map(figure).collect());
            let rows = result.rows as f64;
            let thousands = |per_second: f64| format!("{:.0}k", per_second / 1e3);
            let ratios = result.rounds.iter().map(Round::ratio).collect();
            vec![
                result.dataset.name().to_owned(),
                result.rows.to_string(),
                format!("{:.1}", result.file_bytes as f64 / 1e6),
                seconds(of(&Round::limit_seconds)),
                seconds(of(&|round| round.migration.run.seconds)),
                format!("{:.2}", of(&Round::ratio)),
                span(ratios),
                thousands(of(&|round| rows / round.migration.run.seconds)),
                thousands(of(&|round| rows / round.migration.verify_seconds)),
                result.rounds.len().to_string(),
            ]
        }),
    )
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^53")]
fn stages(results: &[Rounds]) -> Table {
    let figures = [
        "rest",
        "peak MiB",
        "may be",
        "client CPU",
        "server CPU",
        "server's share",
        "WAL MB",
        "bound by",
    ];
    let header: Vec<&str> = ["dataset"]
        .iter()
        .chain(&STAGES)
        .chain(&figures)
        .copied()
        .collect();
    table(
        &header,
        results.iter().map(|result| {
            let of = |figure: &dyn Fn(&Round) -> f64| median(result.rounds.iter().map(figure).collect());
            let run = |figure: &dyn Fn(&Run) -> f64| of(&|round: &Round| figure(&round.migration.run));
            let stage = |place: usize| of(&|round: &Round| round.migration.stage_seconds[place]);
            let rest =
                of(&|round| round.migration.run.seconds - round.migration.stage_seconds.iter().sum::<f64>());
            let may_be = MEMORY_BOUND_BYTES + 2 * result.largest_value_bytes;
            let (client, server) = (
                run(&|run| run.client_cpu_seconds),
                run(&|run| run.server_cpu_seconds),
            );
            let bound = Bound::of(Figures {
                seconds: run(&|run| run.seconds),
                keys_seconds: stage(KEYS),
                client_cpu_seconds: client,
                server_cpu_seconds: server,
            });
            let mut line = vec![result.dataset.name().to_owned()];
            line.extend((0..STAGES.len()).map(|place| seconds(stage(place))));
            line.extend([
                seconds(rest),
                format!("{:.0}", run(&|run| run.peak_bytes as f64 / MIB)),
                format!("{:.0}", may_be as f64 / MIB),
                seconds(client),
                seconds(server),
                format!("{:.0} %", 100.0 * server / (client + server)),
                format!("{:.0}", run(&|run| run.wal_bytes / 1e6)),
                bound.name().to_owned(),
            ]);
            line
        }),
    )
}

/// One line each for limit, outgrow and every peer of a data set.
fn peers(results: &[Rounds]) -> Table {
    let header = [
        "dataset",
        "who",
        "s",
        "limit",
        "outgrow",
        "min..max",
        "copy s",
        "outgrow copy",
        "min..max",
        "client CPU",
        "server CPU",
        "peak MiB",
        "WAL MB",
        "rows",
        "values",
    ];
    let mut lines = Vec::new();
    for result in results {
        let name = result.dataset.name();
        let limits: Vec<_> = result.rounds.iter().map(|round| (round, &round.limit)).collect();
        let right = |wrong: usize| format!("{} of {}", result.tables - wrong, result.tables);
        lines.push(peer_line([name, "limit"], &limits, [right(0), "-".to_owned()]));
        for (place, standing) in result.standings.iter().enumerate() {
            let loads = result
                .rounds
                .iter()
                .filter_map(|round| Some((round, round.peers[place].as_ref()?)));
            let loads: Vec<_> = loads.collect();
            let who = [name, standing.peer.name()];
            if let Some(trouble) = &standing.trouble {
                let first_line = trouble.lines().next().unwrap_or_default();
                lines.push(vec![who[0].to_owned(), format!("{}: {first_line}", who[1])]);
            } else {
                let judged = [right(standing.wrong_tables), standing.values.clone()];
                lines.push(peer_line(who, &loads, judged));
            }
        }
    }
    table(&header, lines.into_iter())
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^53")]
fn peer_line(who: [&str; 2], loads: &[(&Round, &Load)], judged: [String; 2]) -> Vec<String> {
    let samples = |figure: &dyn Fn(&Round, &Load) -> f64| -> Vec<f64> {
        loads.iter().map(|(round, load)| figure(round, load)).collect()
    };
    let of = |figure: &dyn Fn(&Round, &Load) -> f64| median(samples(figure));
    let run = |figure: &dyn Fn(&Run) -> f64| of(&|_: &Round, load: &Load| figure(&load.whole()));
    let outgrow = |round: &Round, load: &Load| round.migration.run.seconds / load.whole().seconds;
    let outgrow_copy = |round: &Round, load: &Load| round.migration.stage_seconds[COPY] / load.copy_seconds;
    let mut line = who.map(str::to_owned).to_vec();
    line.extend([
        seconds(run(&|run| run.seconds)),
        format!(
            "{:.2}",
            of(&|round, load| load.whole().seconds / round.limit_seconds())
        ),
        format!("{:.2}", of(&outgrow)),
        span(samples(&outgrow)),
        seconds(of(&|_, load| load.copy_seconds)),
        format!("{:.2}", of(&outgrow_copy)),
        span(samples(&outgrow_copy)),
        seconds(run(&|run| run.client_cpu_seconds)),
        seconds(run(&|run| run.server_cpu_seconds)),
        format!("{:.0}", run(&|run| run.peak_bytes as f64 / MIB)),
        format!("{:.0}", run(&|run| run.wal_bytes / 1e6)),
    ]);
    line.extend(judged);
    line
}

/// A table with its figures to the right.
pub fn table(header: &[&str], lines: impl Iterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(header);
    lines.for_each(|line| {
        table.add_row(line);
    });
    for (column, name) in table.column_iter_mut().zip(header) {
        if !["dataset", "who", "bound by", "values"].contains(name) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Seconds as they are shown.
pub fn seconds(seconds: f64) -> String {
    format!("{seconds:.2}")
}

/// The least and the greatest sample.
fn span(mut samples: Vec<f64>) -> String {
    samples.sort_by(f64::total_cmp);
    match samples.as_slice() {
        [] => "-".to_owned(),
        [only] => format!("{only:.2}"),
        [least, .., greatest] => format!("{least:.2}..{greatest:.2}"),
    }
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
    fn a_span_is_its_ends() {
        assert_eq!(span(vec![2.0, 1.0, 3.126]), "1.00..3.13");
        assert_eq!(span(vec![2.0]), "2.00");
        assert_eq!(span(Vec::new()), "-");
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
