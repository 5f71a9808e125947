"""The commands of `perf-ratchet`: their arguments, and which handler each calls when it is called."""
