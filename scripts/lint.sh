#!/usr/bin/env bash
# Lints of the code, the scripts and the dependencies. Set-up has run before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=/dev/null
. .tools/env.sh

cargo fmt --all --check
cargo clippy --workspace --all-targets -- -D warnings
"$OUTGROW_SHELLCHECK" scripts/*.sh .ci/run
# The advisory database lives outside the package registries; run `cargo deny check advisories` where it can be fetched.
"$OUTGROW_CARGO_DENY" --all-features check --hide-inclusion-graph bans licenses sources
scripts/check-metrics.sh
