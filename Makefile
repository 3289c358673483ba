# make demo [PORT_BASE=7700] [DEMO_DIR=.demo]   everything on this machine, from one command
# make test                                     unit tests, then end to end with real clients
# make check                                    format, lints, docs, licences, architecture
# make explore                                  property tests on new cases, twenty times as many
# make bench                                    our speed beside direct connections
#
# Each installs what it needs first (deploy/setup.sh), and does nothing where it is there already.

PORT_BASE ?= 7700
DEMO_DIR  ?= .demo
SHELL     := /bin/bash
export PATH := $(PATH):$(HOME)/.cargo/bin:/usr/sbin

DENY_VERSION := 0.20.2
NEXTEST := $(shell PATH="$(PATH)" cargo nextest --version >/dev/null 2>&1 && echo yes)

# Property tests try the same cases each time, so that what fails can be run again; `explore` tries others.
PROPTEST_RNG_SEED ?= 20261126

.PHONY: demo test explore unit e2e check fmt clippy docs deny architecture bench build

demo:
	@deploy/setup.sh demo
	@echo "building sallyport (the first time takes some minutes)"
	@cargo build --locked --profile demo -p sallyport --bin sallyport
	@exec target/demo/sallyport demo --dir "$(DEMO_DIR)" --port-base $(PORT_BASE)

build:
	cargo build --locked --workspace --bins

test: unit e2e

unit:
	@deploy/setup.sh demo
ifeq ($(NEXTEST),yes)
	PROPTEST_RNG_SEED=$(PROPTEST_RNG_SEED) cargo nextest run --locked --workspace --exclude e2e --no-tests=pass
else
	PROPTEST_RNG_SEED=$(PROPTEST_RNG_SEED) cargo test --locked --workspace --exclude e2e
endif

explore:
	PROPTEST_CASES=20000 cargo test --locked --workspace --exclude e2e --no-fail-fast

# One process, so that scenarios share one running gateway.
e2e: build
	@deploy/setup.sh test
	PROPTEST_RNG_SEED=$(PROPTEST_RNG_SEED) cargo test --locked -p e2e

check: fmt clippy docs deny architecture

fmt:
	cargo fmt --all -- --check

clippy:
	@deploy/setup.sh build
	cargo clippy --locked --workspace --all-targets -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

deny:
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked --debug cargo-deny --version $(DENY_VERSION)
	cargo fetch --locked
	cargo deny --offline check licenses bans sources

architecture:
	cargo test --locked -p e2e --test architecture

bench:
	@deploy/setup.sh bench
	cargo build --locked --release -p sallyport --bin sallyport
	cargo run --locked --release --quiet -p policy --example decision_speed -- target/decisions.json
	cargo run --locked --release --quiet -p agent --example judging_speed -- target/judgements.json
	cargo run --locked --release --quiet -p masking --example masking_speed
	python3 bench/run.py --binary target/release/sallyport --decisions target/judgements.json target/decisions.json
