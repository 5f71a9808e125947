"""The parts of `perf-ratchet refresh`: a night, and the branches, pull requests and issues about it."""
