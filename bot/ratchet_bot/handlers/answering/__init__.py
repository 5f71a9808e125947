"""The parts of `perf-ratchet respond`: what was asked, what is done about it, what is answered."""
