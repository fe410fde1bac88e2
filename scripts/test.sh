#!/usr/bin/env bash
# Everything that must hold before a change lands: format, lints, tests against real servers, documentation.
# Set-up has run before; its results are in .tools/env.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=/dev/null
. .tools/env.sh

# On a build machine the lock file decides; on a desk it may follow the manifests.
locked=()
[ -z "${CI:-}" ] || locked=(--locked)

step() {
    printf '\n== %s (at %d s)\n' "$1" "$SECONDS"
    shift
    "$@"
}

step "format" cargo fmt --all --check
step "metrics configuration" scripts/check-metrics.sh
step "lints" cargo clippy "${locked[@]}" --workspace --all-targets -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc "${locked[@]}" --workspace --no-deps --quiet
step "tests" cargo test "${locked[@]}" --workspace --no-fail-fast
printf '\ntest: all green after %d s\n' "$SECONDS"
