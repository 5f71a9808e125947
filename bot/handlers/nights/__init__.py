"""The parts of `ratchet refresh`: a night, and the branches, pull requests and issue about it."""
