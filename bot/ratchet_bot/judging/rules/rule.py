"""What a rule of the audit is, what it looks at, and what it finds."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from inspect import cleandoc
from itertools import islice
from typing import Final, Literal

from ratchet_profiler.record import Clock

from ratchet_bot.data.baselines import AGGREGATES, PSEUDO_STAGES, BaselineFile, ScenarioBaseline
from ratchet_bot.judging.metrics import HONEST_GAP_MS, denoising_total_ms

Severity = Literal["error", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
"""The gravest first."""
LONGEST_SHOWN: Final = 80
"""Characters shown of a name or a value that may be anything."""
MOST_NAMED: Final = 8
"""Fields named in one sentence; the others are counted. Chosen: a sentence stays one."""
REPLACE_WHOLE: Final = (
    "replace the whole scenario with the values of one request (perf-ratchet tighten --replace)"
)
WAIVER_RULE: Final = "waiver"
"""The rule of what is said about waivers themselves."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing, about one scenario."""

    rule: str
    severity: Severity
    scenario: str
    """Its id; for the file as a whole the part, such as "metadata"; for a request of a record where it is."""
    field: str
    """Where in the scenario, such as "expected_avg_denoise_ms"."""
    actual: float | str | None
    """What the file says."""
    expected: float | str | None
    """What would be consistent; None when only a new measurement can tell."""
    problem: str
    """What is wrong, one clause."""
    remedy: str
    """What to do about it in a baseline file, one clause."""
    introduced: bool = False
    """Whether the change from an older file brought it; False where no older file was given."""
    waived: str = ""
    """Why somebody accepts it for a while; "" when nobody does."""

    @property
    def message(self) -> str:
        """The problem, and how to mend it."""
        return f"{self.problem}: {self.remedy}"


def tally(findings: Iterable[Finding]) -> dict[str, dict[Severity, int]]:
    """Return how many findings there are, by rule and severity, the graver first."""
    counts: dict[str, dict[Severity, int]] = {}
    for finding in gravest_first(findings):
        severities = counts.setdefault(finding.rule, {})
        severities[finding.severity] = severities.get(finding.severity, 0) + 1
    return counts


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings by severity; those of one severity stay in their order."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def first_error(findings: Iterable[Finding]) -> Finding | None:
    """Return the first finding that is an error, or None."""
    return next((finding for finding in findings if finding.severity == "error"), None)


@dataclass(frozen=True)
class Subject:
    """One scenario, and what is known of its past and its origin."""

    name: str
    scenario: ScenarioBaseline
    old: ScenarioBaseline | None = None
    """Before the change; None for a new scenario, and where nothing is compared."""
    is_compared: bool = False
    """Whether an older file was given."""
    requests: "tuple[RecordedRequest, ...]" = ()
    """The measured requests of this scenario in the given records, in their order."""
    has_records: bool = False
    """Whether records were given, of whatever scenarios."""
    clock: Clock = "host"
    """The clock of its stages and steps."""

    @cached_property
    def has_changed(self) -> bool:
        """Whether any value differs from the older file's; a new scenario has changed."""
        return self.touches(*AGGREGATES, "stages_ms", "denoise_step_ms")

    @cached_property
    def denoising_ms(self) -> float:
        """The sum of the denoising stages."""
        return denoising_total_ms(self.scenario.stages)

    @property
    def past(self) -> ScenarioBaseline | None:
        """The older version, where it guarded something: a placeholder is not a past."""
        return self.old if self.old and self.old.guards else None

    def touches(self, *places: str) -> bool:
        """Return whether the change touched any of these values; always for a new scenario.

        Args:
            places: Such as "expected_e2e_ms", "denoise_step_ms" for all of them, "stages_ms.DecodingStage".
        """
        if not self.is_compared:
            return False
        return self.old is None or any(
            _differ(value_at(self.scenario, place), value_at(self.old, place)) for place in places
        )


@dataclass(frozen=True)
class RecordedRequest:
    """One measured request of a record, seen as baseline values."""

    place: str
    """Where it is, for a reader: the request, and the run where that is known."""
    values: ScenarioBaseline
    """Unrounded, on the clock of the baseline file."""

    def differing(self, scenario: ScenarioBaseline) -> list[str]:
        """Return the fields of a scenario whose values are not this request's, to two decimals."""
        measured = self.values.by_field()
        return [
            field
            for field, value in scenario.by_field().items()
            if field not in measured or abs(measured[field] - value) > HONEST_GAP_MS
        ]


@dataclass(frozen=True)
class FileSubject:
    """A whole baseline file, and what is known of its past and its origin."""

    file: BaselineFile
    old: BaselineFile | None = None
    """Before the change; None where nothing is compared."""
    requests: Mapping[str, tuple[RecordedRequest, ...]] = field(default_factory=dict)
    """The measured requests of the given records by scenario."""


@dataclass(frozen=True)
class Rule:
    """One rule as a reader knows it."""

    name: str
    fires: str
    """When it fires, one clause."""
    severity: str
    """How grave it is, and when."""
    needs: Literal["", "--against", "--records"] = field(default="", kw_only=True)
    """The option without which it cannot fire; "" where the file alone is enough."""
    of_file: bool = field(default=False, kw_only=True)
    """Whether its findings name the file, or what is gone from it: a report on any scenario has them."""

    @property
    def reason(self) -> str:
        """What it proves and where its thresholds are from: paragraphs of one line each."""
        return ""


@dataclass(frozen=True)
class ScenarioRule(Rule):
    """A rule about one scenario."""

    check: Callable[[Subject], Iterable[Finding]]
    of_requests: bool = False
    """Whether it also says something about a measured request, which nobody has typed."""

    @property
    def reason(self) -> str:
        """See `Rule.reason`."""
        return _reason(self.check)


@dataclass(frozen=True)
class FileRule(Rule):
    """A rule about the file as a whole, or several of its scenarios together."""

    check: Callable[[FileSubject], Iterable[Finding]]
    of_file: bool = field(kw_only=True)
    """See `Rule.of_file`: False where each finding is about one scenario that is there."""

    @property
    def reason(self) -> str:
        """See `Rule.reason`."""
        return _reason(self.check)


def value_at(scenario: ScenarioBaseline, place: str) -> object:
    """Return what a scenario has at a place, such as "stages_ms.DecodingStage"; None where nothing is."""
    kind, _, name = place.partition(".")
    values = getattr(scenario, kind)
    return values.get(int(name) if kind == "denoise_step_ms" else name) if name else values


def workload_differences(new: ScenarioBaseline, old: ScenarioBaseline) -> list[str]:
    """Return how the workloads of two versions differ, in words: the number of steps, the stage names."""
    before, after = (version.stages_ms.keys() - PSEUDO_STAGES for version in (old, new))
    steps = (len(old.denoise_step_ms), len(new.denoise_step_ms))
    return [
        *([f"{steps[0]} steps became {steps[1]}"] if steps[0] != steps[1] else []),
        *([f"gone: {listed(sorted(before - after))}"] if before - after else []),
        *([f"new: {listed(sorted(after - before))}"] if after - before else []),
    ]


def listed(names: Collection[str], word: Callable[[str], str] = str) -> str:
    """Return up to eight names in a row, each as `word` says it, and how many more there are."""
    shown = ", ".join(word(name) for name in islice(names, MOST_NAMED))
    return f"{shown} and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else shown


def percent(ratio: float) -> str:
    """Return a fraction in percent, such as "12.3 %"."""
    return f"{ratio * 100:,.1f} %"


def _differ(new: object, old: object) -> bool:
    """Return whether two values differ; not-a-number, which Python reads from JSON, is equal to itself."""
    return new != old and repr(new) != repr(old)


def _reason(check: Callable[..., object]) -> str:
    """Return a function's docstring after its first sentence, each paragraph on one line."""
    _, _, rest = cleandoc(check.__doc__ or "").partition("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in rest.split("\n\n"))
