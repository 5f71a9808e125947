"""What can go wrong in ways that a user can mend: one line, exit code 2."""


class Refused(Exception):
    """What was asked for cannot be done. The message is one line that says why."""


class BadInput(Refused):
    """Input that cannot be used. The message is one line: file, place, what is wrong, how to mend it."""
