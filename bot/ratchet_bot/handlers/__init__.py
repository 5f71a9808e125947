"""What each command does: get, compute, say. One module a command; the packages hold what it is made of."""
