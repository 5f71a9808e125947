"""What each command does: get, compute, say."""
