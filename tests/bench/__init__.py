"""How well the judgement judges, beside the rules of others: `make bench`."""
