"""What profiling and judging cost, and how well the judgement judges, beside others: `make bench`."""
