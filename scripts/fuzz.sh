#!/usr/bin/env bash
# Runs a fuzz target, or all of them one after the other, and prints its last figures.
#
#   scripts/fuzz.sh [ddl|translate|open|all] [SECONDS]      (default: all 60)
#
# Needs a nightly compiler (rustup toolchain install nightly) and installs cargo-fuzz into .tools/. Seeds are made
# anew from the lists in fuzz/seeds, the fixtures of the tests and, where it lies beside the repository, the corpus
# (OUTGROW_CORPUS). What a run finds stays in fuzz/corpus and fuzz/artifacts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wanted=${1:-all}
seconds=${2:-60}
targets=("$wanted")
[ "$wanted" != all ] || targets=(ddl translate open)

die() {
    printf 'fuzz: error: %s\n' "$1" >&2
    printf 'fuzz:  next: %s\n' "$2" >&2
    exit 1
}

cargo +nightly --version >/dev/null 2>&1 ||
    die "there is no nightly compiler" "run \`rustup toolchain install nightly --profile minimal\`"
[ -x .tools/bin/cargo-fuzz ] || cargo install --quiet --root .tools cargo-fuzz
export PATH="$PWD/.tools/bin:$PATH"

corpus=${OUTGROW_CORPUS:-../shared/corpus/open}
files=(tests/fixtures/*.sqlite)
while read -r file; do
    files+=("$file")
done < <(find "$corpus" -type f \( -name '*.db' -o -name '*.sqlite*' -o -name '*.gpkg' -o -name '*.mbtiles' \) 2>/dev/null)
cargo run --quiet -p outgrow-e2e --bin fuzz_seeds -- fuzz/corpus/seeds "${files[@]}"

# Largest input in bytes: the depth of a text is refused long before, and 64 KiB is a whole small database.
declare -A largest=([ddl]=16384 [translate]=4096 [open]=65536)
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target"
    options=(-max_total_time="$seconds" -max_len="${largest[$target]}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1)
    [ "$target" = open ] || options+=(-dict=fuzz/sql.dict)
    cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/corpus/seeds/$target" -- "${options[@]}"
done
