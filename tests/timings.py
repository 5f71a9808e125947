"""Records as tuples, so that a test can write down what it expects."""

from ratchet_profiler.record import RequestRecord


def stages_of(record: RequestRecord) -> list[tuple]:
    """Return id, name, occurrence, parent, start and host time of each stage."""
    return [(s.id, s.name, s.occurrence, s.parent, s.start_ms, s.host_ms) for s in record.stages]


def steps_of(record: RequestRecord) -> list[tuple]:
    """Return the stage, the index and the host time of each step."""
    return [(s.stage_id, s.index, s.host_ms) for s in record.steps]
