"""What is read from a repository host."""

from datetime import date, datetime, timedelta, timezone

import pytest
from builders import make_run


def test_the_day_of_a_run_is_that_of_utc():
    """A run that began late in New York is of the next day."""
    began = datetime(2026, 11, 30, 23, 30, tzinfo=timezone(timedelta(hours=-5)))

    assert make_run(created_at=began).day == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("status", "has_ended"), [("queued", False), ("in_progress", False), ("completed", True)]
)
def test_a_run_has_ended_when_the_host_says_so(status: str, has_ended: bool):  # noqa: FBT001 - a case
    """Whatever has come of it."""
    assert make_run(status=status, conclusion=None).has_ended is has_ended
