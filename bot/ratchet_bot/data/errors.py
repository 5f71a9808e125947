"""Errors that a user can mend: one line, exit code 2."""


class Refused(Exception):
    """A request that cannot be fulfilled. The message is one line that says why."""


class BadInput(Refused):
    """Input that cannot be used. The message is one line: file, place, what is wrong, how to mend it."""


def reason_of(error: BaseException) -> str:
    """Return what a person reads about an error: of one that nobody foresaw, its kind only."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "the job was cancelled, or took too long"
    return f"perf-ratchet failed ({type(error).__name__}): please report this"
