"""perf-ratchet beside sglang's own test: `make parity`."""
