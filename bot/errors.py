"""What can go wrong in ways that a user can mend: one class, one line, exit code 2."""


class BadInput(Exception):
    """Input that cannot be used. The message is one line: file, place, what is wrong, how to mend it."""
