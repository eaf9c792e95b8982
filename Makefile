# The few commands a person types. Each one calls a script or cargo.
.PHONY: help build demo test lint clean

help:
	@echo "make demo   twenty calls through the relay, shown live (root, Debian)"
	@echo "make test   all tests; without root those that need it are skipped and listed"
	@echo "make build  the daemon, optimised: target/release/rtpengine"
	@echo "make lint   formatting and clippy, as in CI"
	@echo "make clean  removes build output"

build:
	cargo build --release --package rtpengine

demo:
	@tests/demo/run

test:
	@tests/run

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

clean:
	cargo clean
