"""Logs and results of other programs as run records."""
