"""TALKS: judges run records against baselines and tells people. Never imports torch."""
