"""What holds of tightening whatever the file, its layout and the runs."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from builders import make_baselines, make_record, make_request, make_scenario, make_values
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ratchet_bot.data.baselines import BaselinesRejected, baselines_from_text
from ratchet_bot.data.file_diff import MAX_CHARACTERS, NO_END, file_diff
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_profiler.record import RunRecord, ScenarioRecord

NAMES = ("a", "b.1+x", "c")
many = settings(derandomize=True, max_examples=30)
gaps = st.text(" \t\r\n", max_size=2)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


class LaidOut(NamedTuple):
    """A baseline file in pieces: their texts one after another are the file."""

    pieces: list[tuple[str, str]]
    """(the scenario that it is of, "metadata" or "", its text)."""

    @property
    def text(self) -> str:
        """The whole file."""
        return "".join(text for _, text in self.pieces)


@st.composite
def laid_out(draw: st.DrawFn, value: Any) -> str:
    """Return a JSON text of a value in a layout that nobody would choose."""
    if isinstance(value, Mapping):
        members = [
            f"{draw(gaps)}{json.dumps(key)}{draw(gaps)}:{draw(laid_out(one))}" for key, one in value.items()
        ]
        return f"{draw(gaps)}{{{','.join(members)}{draw(gaps)}}}{draw(gaps)}"
    return draw(gaps) + json.dumps(value) + draw(gaps)


@st.composite
def files(draw: st.DrawFn) -> LaidOut:
    """Return a file of three scenarios in any layout, with other keys before, between and after them."""
    metadata = {"description": "Runs (2026-05-17).", "last_updated": "2026-05-17", "x": draw(st.booleans())}
    pieces = [
        ("", draw(gaps) + "{"),
        ("", f'{draw(gaps)}"metadata" :'),
        ("metadata", draw(laid_out(metadata))),
    ]
    pieces += [("", f', "other":{draw(laid_out({"k": 1.50, "l": {}}))},"scenarios":{draw(gaps)}{{')]
    for number, name in enumerate(NAMES):
        e2e_ms = draw(st.sampled_from([100.0, 1000.0, 4000.0]))
        values = make_values(
            e2e_ms=e2e_ms, stages={"DenoisingStage": 470.0, "DecodingStage": 9.1}, note="caf\u00e9"
        )
        pieces += [("", f"{',' if number else ''}{draw(gaps)}{json.dumps(name)}{draw(gaps)}:{draw(gaps)}")]
        pieces += [(name, draw(laid_out(values)).strip())]
    return LaidOut([*pieces, ("", f'{draw(gaps)}}}{draw(gaps)},"z": [ 1,2]{draw(gaps)}}}{draw(gaps)}')])


@st.composite
def runs(draw: st.DrawFn) -> list[RunRecord]:
    """Return one to three runs; some of their requests contradict themselves."""
    return [
        make_record(*(draw(scenarios(name)) for name in draw(st.permutations(NAMES))), run_id=number)
        for number in range(draw(st.integers(1, 3)))
    ]


@st.composite
def scenarios(draw: st.DrawFn, name: str) -> ScenarioRecord:
    requests = []
    for number in range(draw(st.integers(1, 3))):
        steps = draw(st.lists(st.floats(0, 130), min_size=5, max_size=5))
        stages = {"DenoisingStage": draw(st.floats(400, 470)), "DecodingStage": draw(st.floats(0, 400))}
        e2e_ms = sum(stages.values()) + draw(st.floats(-5, 100))
        requests.append(make_request(f"r{number}", e2e_ms=e2e_ms, stages=stages, steps=steps))
    return make_scenario(name, *requests)


@many
@given(files(), runs(), st.sampled_from([0.0, 0.05, 0.5]), st.sampled_from([(), ("a",), ("b*", "c")]))
def test_only_what_is_proposed_changes(
    laid: LaidOut, records: list[RunRecord], least: float, replaced: tuple[str, ...]
):
    """Byte for byte: of every other scenario, of other keys, and of the space around all of them."""
    file = baselines_from_text(laid.text)
    found = propose(file, records, Terms(min_improvement=least, replaced=replaced))
    changed = {one.scenario for one in found.proposals}
    free = changed | {"metadata"} if changed else set()
    pattern = "".join(".*" if owner in free else re.escape(text) for owner, text in laid.pieces)
    after = tightened(file, found)
    assert re.fullmatch(pattern, after.text, flags=re.DOTALL)
    for one in found.proposals:
        written = json.loads(after.text)["scenarios"][one.scenario]
        assert {key: written[key] for key in one.values} == one.values
        assert written["note"] == "caf\u00e9"


@many
@given(files(), runs(), st.sampled_from([0.0, 0.05, 0.5]), st.sampled_from([(), ("a",), ("b*", "c")]))
def test_tightening_again_changes_nothing(
    laid: LaidOut, records: list[RunRecord], least: float, replaced: tuple[str, ...]
):
    """The same runs propose nothing to the file that they made, and it has no error that it had not."""
    file = baselines_from_text(laid.text)
    after = tightened(file, propose(file, records, Terms(min_improvement=least, replaced=replaced)))
    again = propose(after, records, Terms(min_improvement=least, replaced=replaced))
    assert again.proposals == ()
    assert tightened(after, again).text == after.text
    errors = {(one.scenario, one.rule) for one in audit(after, against=file) if one.severity == "error"}
    assert errors <= {(one.scenario, one.rule) for one in audit(file) if one.severity == "error"}


@many
@given(files(), runs(), st.data())
def test_the_same_input_gives_the_same_bytes(laid: LaidOut, records: list[RunRecord], data: st.DataObject):
    """Also when the records are given in another order."""
    file = baselines_from_text(laid.text)
    other = data.draw(st.permutations(records))
    first, second = (tightened(file, propose(file, given_)) for given_ in (records, other))
    assert second.text == first.text


@many
@given(files(), runs())
def test_the_diff_is_the_change(laid: LaidOut, records: list[RunRecord]):
    """Its lines, taken from the old file and put in, make the new one; and nothing else is in it."""
    file = baselines_from_text(laid.text)
    after = tightened(file, propose(file, records))
    assume(all(len(line) < MAX_CHARACTERS for line in [*lines(file.text), *lines(after.text)]))  # cut else
    diff = file_diff("h100.json", file.text, after.text)
    assert patched(lines(file.text), diff.lines[2:]) == lines(after.text)
    assert diff.left_out == 0


def lines(text: str) -> list[str]:
    found = [line.removesuffix("\r") for line in text.split("\n")]
    return found[:-1] if found[-1] == "" else found


def patched(old: list[str], diff: tuple[str, ...]) -> list[str]:
    """Return what a unified diff makes of these lines, as `patch` does it."""
    new: list[str] = []
    taken = 0
    for line in diff:
        if line.startswith("@@"):
            start, count = map(int, line.split()[1][1:].split(","))
            first = start - 1 if count else start
            new += old[taken:first]
            taken = first
        elif line[0] == "+":
            new.append(line[1:])
        elif line == NO_END:
            continue
        else:
            assert old[taken] == line[1:]
            new += [line[1:]] if line[0] == " " else []
            taken += 1
    return new + old[taken:]


@settings(derandomize=True, max_examples=80)
@given(st.dictionaries(st.sampled_from(["flux", "b"]), json_values), json_values, json_values)
def test_no_json_crashes_it(scenarios: dict[str, Any], metadata: Any, tolerances: Any):
    """Whatever a file holds: it is refused, or tightened into a file that says what was proposed."""
    text = json.dumps({"metadata": metadata, "scenarios": scenarios, "tolerances": tolerances})
    past = {"flux": {"expected_e2e_ms": [560.0] * 9}}
    try:
        file = baselines_from_text(text)
        found = propose(file, [make_record(make_scenario())], Terms(add=True), past=past)
    except BaselinesRejected:
        return
    after = tightened(file, found)
    for one in found.proposals:
        assert after.scenarios[one.scenario].expected_e2e_ms == one.values["expected_e2e_ms"]


@settings(derandomize=True, max_examples=80)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "stages_ms": st.dictionaries(
                st.sampled_from(["DenoisingStage", "DecodingStage", "x"]), json_values
            ),
            "denoise_step_ms": st.dictionaries(st.integers(0, 6).map(str), json_values),
            "expected_e2e_ms": json_values | st.floats(),
            "expected_avg_denoise_ms": json_values | st.floats(),
            "expected_median_denoise_ms": json_values | st.floats(),
        },
    )
)
def test_no_scenario_crashes_it(values: dict[str, Any]):
    """The same where the file is one, and its values may be anything."""
    file = make_baselines({"flux": values})
    past = {"flux": {"expected_e2e_ms": [560.0] * 9}}
    after = tightened(file, propose(file, [make_record(make_scenario())], Terms(add=True), past=past))
    assert list(after.scenarios) == ["flux"]
