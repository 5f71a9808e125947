"""What numbers say: limits, noise, verdicts, audits and proposals. Pure: data in, data out."""
