"""The page about scenarios does what it says."""

import doctest
import re
import sys
from pathlib import Path

import pytest
from ratchet_profiler.capture import capture
from ratchet_profiler.scenarios import SOURCES, Scenario, scenarios_from_toml

PAGE = Path(__file__).parent.parent / "docs/scenarios.md"
NAME = "engine_of_the_page:one_request"
"""Another name than in other tests: a module is loaded once."""
TEXT = PAGE.read_text("utf-8")


def block(kind: str) -> str:
    """Return the first block of code of a language."""
    found = re.search(rf"```{kind}\n(.+?)```", TEXT, flags=re.DOTALL)
    assert found
    return found[1]


def test_the_scenarios_are_valid():
    """The TOML on the page has every source, both weights of diffusers among them."""
    scenarios = scenarios_from_toml(block("toml"), "scenarios.md")

    assert [one.source for one in scenarios] == ["builtin", "diffusers", "diffusers", "served", "callable"]


def test_the_keys_are_those_of_the_code():
    """The table has the keys of each source: those that are needed, and those that may be left out."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", TEXT, flags=re.MULTILINE)
    told = {name: [set(re.findall(r"`(\w+)`", part)) for part in parts] for name, *parts in rows}
    own = {"id", "source"}

    assert set(told) == set(SOURCES)
    for name, (needed, optional) in told.items():
        fields = {key: field for key, field in SOURCES[name].model_fields.items() if key not in own}
        unusable = {"prepare"} if name in {"served", "callable"} else set()
        assert needed == {key for key, field in fields.items() if field.is_required()}
        assert needed | optional == set(fields) - unusable


def test_the_function_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The callable of the page gives three stages and four steps."""
    (tmp_path / "engine_of_the_page.py").write_text(block("python"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    scenario = Scenario.model_validate({"id": "a", "source": "callable", "call": NAME})
    try:
        (record,) = capture([scenario], warmup=0, repeats=1).scenarios
    finally:
        sys.modules.pop("engine_of_the_page", None)
    (request,) = record.requests

    assert [one.name for one in request.stages] == ["TextEncodingStage", "DenoisingStage", "DecodingStage"]
    assert [(one.stage_id, one.index) for one in request.steps] == [(1, 0), (1, 1), (1, 2), (1, 3)]


def test_the_examples_run():
    """An engine's own stages are recorded while a profiler is attached."""
    done = doctest.testfile(str(PAGE), module_relative=False)

    assert (done.attempted > 10, done.failed) == (True, 0)
