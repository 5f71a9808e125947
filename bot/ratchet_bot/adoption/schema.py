"""`perf-ratchet schema`: the JSON Schema of the configuration file, for editors."""

from ratchet_bot.adoption.scaffold import schema


def run() -> int:
    """Print it; return 0."""
    print(schema(), end="")
    return 0
