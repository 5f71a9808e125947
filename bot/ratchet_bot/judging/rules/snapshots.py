"""What run records say to an audit: which requests there were, and whether a scenario is one of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ratchet_profiler.record import Clock, RequestRecord, RunRecord

from ratchet_bot.data.baselines import END_TO_END
from ratchet_bot.judging.rules.findings import Finding
from ratchet_bot.judging.rules.subject import Request, Subject, listed
from ratchet_bot.judging.snapshot import snapshot


def mixed_snapshot(subject: Subject) -> Iterator[Finding]:
    """Yield a finding when the values of a changed scenario are not those of one request of the records.

    All values of a scenario must come from one request: values of several, each the lowest or the last, are
    of a run that never was. Every value of the scenario must be that request's, rounded to 0.01 ms; warm-ups
    do not count. Without an older file, each scenario that the records have is looked at.
    """
    if not subject.has_records or not subject.scenario.guards:
        return
    if not (subject.has_changed if subject.is_compared else subject.requests):
        return
    if not subject.requests:
        yield _mixed(subject, None, [END_TO_END], "the records have no request of it")
        return
    closest = min(subject.requests, key=lambda request: len(request.differing(subject.scenario)))
    differing = closest.differing(subject.scenario)
    if differing:
        values, measured = subject.scenario.by_field(), closest.values.by_field()
        problem = (
            f"the values are those of no request; the closest, {closest.place}, has other values in "
            f"{len(differing)} of {len(values)} fields: "
            + listed(differing, lambda field: f"{field} {values[field]:,.2f} ({_ms(measured.get(field))})")
        )
        yield _mixed(subject, measured.get(differing[0]), differing, problem)


def requests_by_scenario(records: Iterable[RunRecord], clock: Clock) -> dict[str, tuple[Request, ...]]:
    """Return the measured requests of some records as baseline values, by scenario, in their order.

    A request without this clock everywhere is left out, and so are warm-ups.
    """
    requests: defaultdict[str, list[Request]] = defaultdict(list)
    for record in records:
        run = f" of run {record.source.run_id}" if record.source.run_id is not None else ""
        for scenario in record.scenarios:
            for request in scenario.requests:
                taken = None if request.warmup else snapshot(request, clock)
                if taken:
                    place = f"{request.request_id}{run}"
                    requests[scenario.id].append(Request(place, taken.as_baseline))
    return {name: tuple(found) for name, found in requests.items()}


def clocks_of(request: RequestRecord) -> Sequence[Clock]:
    """Return the clocks that a request has everywhere, the host's first."""
    clocks: tuple[Clock, ...] = ("host",) if request.clock == "host" else ("host", "device-events")
    return [clock for clock in clocks if snapshot(request, clock)]


def _mixed(subject: Subject, expected: float | None, fields: Sequence[str], problem: str) -> Finding:
    values: Mapping[str, float] = subject.scenario.by_field()
    return Finding(
        rule="mixed-snapshot",
        severity="error",
        scenario=subject.name,
        field=fields[0],
        actual=values.get(fields[0]),
        expected=expected,
        problem=problem,
        remedy="take all values from that one request"
        if expected is not None
        else "give the record that they are from",
        introduced=subject.has_changed,
    )


def _ms(value: float | None) -> str:
    return "absent" if value is None else f"{value:,.2f}"
