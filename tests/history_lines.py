"""Builders of history lines: a test names only what it is about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ratchet_bot.data.history import HistoryLine, Series
from ratchet_bot.judging.regressions import Regression

BEGIN = datetime(2026, 11, 1, 2, 17, tzinfo=UTC)
KEY = "H100 x2 | driver 570"
SHARES = {"TextEncodingStage": 0.1, "DenoisingStage": 0.7, "DecodingStage": 0.15}
"""Part of end to end that each stage takes."""


def sha_of(night: int) -> str:
    """Return the commit of a night: its number, then zeros."""
    return f"{night:07d}".ljust(40, "0")


def make_line(night: int = 1, e2e_ms: float = 100.0, **fields: Any) -> HistoryLine:
    """Return the line of a scenario "flux" on a night; the run and the commit have the night's number."""
    said = {
        "hardware": "h100",
        "scenario": "flux",
        "run_id": night,
        "head_sha": sha_of(night),
        "captured_at": BEGIN + timedelta(days=night - 1),
        "comparability": KEY,
        "requests": 3,
        "valid": True,
        "values": {"expected_e2e_ms": e2e_ms},
    }
    return HistoryLine(**(said | fields))


def make_series(
    e2e_ms: Sequence[float], scenario: str = "flux", changed: Mapping[int, Mapping[str, Any]] | None = None
) -> Series:
    """Return a night for each end-to-end time, from night 1 on, with stages in their usual shares.

    Args:
        e2e_ms: One value a night.
        scenario: Whose they are.
        changed: Fields of a night's line, by the number of the night.
    """
    return [
        make_line(
            night,
            scenario=scenario,
            values={"expected_e2e_ms": ms, **{f"stages_ms.{name}": ms * it for name, it in SHARES.items()}},
        ).model_copy(update=dict((changed or {}).get(night, {})))
        for night, ms in enumerate(e2e_ms, 1)
    ]


def make_regression(scenario: str = "flux", **fields: Any) -> Regression:
    """Return a regression from 100 to 120 ms on night 11."""
    said = {
        "scenario": scenario,
        "field": "expected_e2e_ms",
        "comparability": KEY,
        "before_ms": 100.0,
        "after_ms": 120.0,
        "good_sha": sha_of(10),
        "bad_sha": sha_of(11),
        "bad_run_id": 11,
        "since": BEGIN + timedelta(days=10),
    }
    return Regression(**(said | fields))
