"""Where the engine's own test and ours disagree about a request, by cause. Pure."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from parity.jobs import Job
from parity.ours import Ours

FIELDS: Final = {
    "E2E Latency": "expected_e2e_ms",
    "Load Latency (excluding warmup)": "expected_load_ms",
    "Load Peak VRAM": "load_peak_vram_mb",
    "Load Peak VRAM (allocated)": "load_peak_allocated_mb",
    "Runtime Peak VRAM": "runtime_peak_vram_mb",
    "Runtime Peak VRAM (allocated)": "runtime_peak_allocated_mb",
    "Warmup Peak VRAM": "warmup_peak_vram_mb",
    "Load Peak Host Anon": "load_peak_host_anon_mb",
    "Runtime Peak Host Anon": "runtime_peak_host_anon_mb",
    "Average Denoise Step": "expected_avg_denoise_ms",
    "Median Denoise Step": "expected_median_denoise_ms",
    "Average Frame Time": "stages_ms.per_frame_generation",
}
"""What a baseline file calls the checks of sglang's test."""
STAGE: Final = re.compile(r"Stage '(.+)'")
STEP: Final = re.compile(r"Denoise Step (\d+)")
INVALID: Final = re.compile(r"\w+ duration missing or invalid")
FRAME_TIME: Final = "per_frame_generation"
LAST_BIT: Final = 4 * 2.0**-52
"""Largest relative gap of limits that two orders of rounding can give."""


@dataclass
class Disagreements:
    """How often the two disagree, by cause, with the smallest request that shows it."""

    requests: int = 0
    otherwise: int = 0
    """Requests that are red on one side alone, or not judged here."""
    checks: int = 0
    """Limits that both have computed."""
    counts: Counter[str] = field(default_factory=Counter)
    """By cause."""
    examples: dict[str, str] = field(default_factory=dict)

    def add_request(self, job: Job, theirs: Job, ours: Ours, label: str = "") -> None:
        """Compare what both say of a request; the label of its place becomes part of each cause."""
        self.requests += 1
        limits = {field_of(name): limit for name, _, _, limit, _ in theirs["checks"]}
        self.checks += len(limits.keys() & ours.limits.keys())
        verdicts = list(_verdicts(theirs, ours))
        self.otherwise += len(verdicts)
        for cause, what in (*verdicts, *_limits(limits, theirs["missing"], ours)):
            name = f"{cause} ({label})" if label else cause
            self.counts[name] += 1
            example = f"{what}; {json.dumps(job)}"
            self.examples[name] = min(self.examples.get(name, example), example, key=len)


def field_of(check: str) -> str:
    """Return what a baseline file calls what a check of sglang is about."""
    if stage := STAGE.fullmatch(check):
        return f"stages_ms.{stage[1]}"
    if step := STEP.fullmatch(check):
        return f"denoise_step_ms.{step[1]}"
    return FIELDS[check]


def _verdicts(theirs: Job, ours: Ours) -> Iterator[tuple[str, str]]:
    """Yield (cause, what happened) where one is red and the other is not, or where ours judges nothing."""
    is_red = theirs["failure"] is not None
    if ours.is_red is is_red:
        return
    if ours.is_red is None:
        yield f"not judged here ({ours.verdict}), {'red' if is_red else 'green'} there", ours.reason
    elif is_red:
        yield f"false green: {_cause(theirs['failure'])}", theirs["failure"].partition("\n")[0]
    else:
        crossed = [name for name, (_, is_within) in ours.limits.items() if not is_within]
        what = f"{_family(crossed[0])} is beyond its limit" if crossed else _without_names(ours.reason)
        yield f"false red: {what}", ", ".join(crossed) or ours.reason


def _limits(limits: dict[str, float], missing: str | None, ours: Ours) -> Iterator[tuple[str, str]]:
    """Yield (cause, what happened) where a limit is another, or only one side has it."""
    if not ours.limits:
        return
    for name, limit in limits.items():
        if name not in ours.limits:
            yield f"no limit here: {_family(name)}", name
        elif not math.isclose(ours.limits[name][0], limit, rel_tol=LAST_BIT):
            yield f"another limit: {_family(name)}", f"{name}: {ours.limits[name][0]} here, {limit} there"
    if missing is None:
        for name in ours.limits.keys() - limits.keys():
            yield f"no limit there: {_family(name)}", name


def _cause(failure: str) -> str:
    """Return what a failure of sglang is about: a check's family, or what it misses."""
    failed = re.match(r"Validation failed for '(.+)'\.", failure)
    return _family(field_of(failed[1])) if failed else _without_names(failure.partition("\n")[0])


def _family(name: str) -> str:
    """Return "step 0", "another step", "a stage", or the field itself."""
    section, _, member = name.partition(".")
    if section == "denoise_step_ms":
        return "step 0" if member == "0" else "another step"
    return "a stage" if section == "stages_ms" and member != FRAME_TIME else name


def _without_names(text: str) -> str:
    """Return a sentence without the names and numbers that make it another each time."""
    first = re.split(r";| in /", text)[0]
    if invalid := INVALID.search(first):
        return invalid[0]
    first = re.sub(r"[Ss]tage (?!metrics)[A-Z]\w+", "stage X", first)
    return re.sub(r"(for|Testcase) '?\w[\w.\-]*'?:?", r"\1 X", first)
