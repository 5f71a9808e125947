"""What a comparison is made of: evidence, rows, verdicts, and what speaks against comparing."""
