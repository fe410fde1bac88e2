#!/usr/bin/env bash
# Speed and memory, as ratios measured in one run. Options are those of the program `bench`, for example
# `scripts/bench.sh --rounds 1 narrow`; --peers adds pgloader and DuckDB, --growth and --census measure something else
# (docs/benchmarks.md). BENCH_GENERATOR=shared takes the data sets of ../shared/bench instead. Set-up has run before;
# its results are in .tools/env.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=/dev/null
. .tools/env.sh

# Everything is built first: a compiler at work beside a measurement would be measured too.
# Both programs in one call, so that the libraries under them are built once.
cargo build --release -p outgrow-migrator -p outgrow-e2e --bin outgrow --bin bench
cargo bench -p outgrow-agent --bench write_overhead --no-run
exec "${CARGO_TARGET_DIR:-target}/release/bench" "$@"
