"""What happens after a run, a comment or a night: read, judge, say."""
