"""What sglang's own files and logs hold, read as requests."""
