# The few commands a person types. Each one calls a script or cargo.
.PHONY: help build demo test bench counts packages test-packages lint clean

help:
	@echo "make demo   twenty calls through the relay, shown live (root, Debian)"
	@echo "make test   all tests; without root those that need it are skipped and listed"
	@echo "make bench  what packets and calls cost on each way to relay them, side by side: one table (root, two idle cores)"
	@echo "make counts  instructions of small parts, against those kept; COUNTS=store keeps new ones (valgrind)"
	@echo "make build  the daemon, optimised: target/release/rtpengine"
	@echo "make packages       .deb and .rpm: target/packages"
	@echo "make test-packages  the packages installed, run, upgraded and purged in a root of Debian's (root, Debian 12)"
	@echo "make lint   formatting and clippy, as in CI"
	@echo "make clean  removes build output"

build:
	@tests/install-needs.sh demo
	cargo build --release --package rtpengine

demo:
	@tests/demo/run

test:
	@tests/run

bench:
	cargo build --release --package rtpengine --package bench
	target/release/bench all --json tests/bench/runs/$(shell date +%Y-%m-%d-%H%M).json $(BENCH)

counts:
	cargo build --release --package micro
	target/release/micro $(or $(COUNTS),check)

packages:
	@tests/install-needs.sh packages
	@packaging/build

test-packages:
	@tests/packages/run

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

clean:
	cargo clean
