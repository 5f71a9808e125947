"""`perf-ratchet compare` as a person and a workflow use it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.__main__ import main
from ratchet_bot.data.history import HistoryLine, line_to_text, path_of
from ratchet_profiler.appending import appended
from ratchet_profiler.record import RunRecord, comparability_key, record_to_json
from reports import QUIET, requests_of

Compare = Callable[..., tuple[int, str, str]]
NAMES = ("flux", "wan")


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Compare:
    """Return a way to run the command in a folder with baselines and thirty quiet nights."""
    monkeypatch.chdir(tmp_path)
    Path("h100.json").write_text(make_baselines({name: make_values() for name in NAMES}).text)
    write_nights()

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["compare", *arguments, "--baselines", "h100.json"])
        return code, *capsys.readouterr()

    return run


def write_nights(**changes: str) -> None:
    """Write a history of both scenarios on the builders' machine, or on a changed one."""
    environment = make_record().environment.model_copy(update=changes)
    began = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
    for night, ratio in enumerate(QUIET):
        for name in NAMES:
            line = HistoryLine(
                hardware="h100",
                scenario=name,
                run_id=night + 1,
                head_sha="0" * 40,
                captured_at=began + timedelta(days=night),
                comparability=comparability_key(environment, "host"),
                valid=True,
                requests=3,
                values={"expected_e2e_ms": 560.0 * ratio},
            )
            file = Path("nights") / path_of("h100", line.captured_at)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a") as lines:
                lines.write(line_to_text(line) + "\n")


def write(record: RunRecord, path: str = "record.json") -> str:
    Path(path).write_bytes(record_to_json(record))
    return path


def record_of(e2e_ms: float, *more_ms: float, run_id: int = 100) -> RunRecord:
    """Return a run with a slow flux, and a wan as it was."""
    return make_record(
        make_scenario("flux", *requests_of([e2e_ms] * 3, *more_ms)), make_scenario("wan"), run_id=run_id
    )


def test_a_suspect_is_told_and_named_and_holds_nothing_back(compare: Compare):
    """Exit code 0: it is within its limits. The file has one id a line, for `--only`."""
    code, out, err = compare(write(record_of(600.0)), "--history", "nights", "--suspects", "suspects.txt")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "Within the limits, but slower than noise: 1 of 2 scenarios on h100"
    assert "slower than its noise after 3 requests: more would confirm or clear it" in out
    assert "slower than noise, ms          baseline  measured    change noise up to\nflux\n" in out
    assert "  end to end                      560.0     600.0    +7.1 %       568.5\n" in out
    assert out.splitlines()[-1] == (
        "wrote suspects.txt: 1 suspect; next: ratchet-profiler run --only suspects.txt --append "
        "(and --scenarios FILE, --out RECORD where they are not the defaults)"
    )
    assert Path("suspects.txt").read_text() == "flux\n"


def test_without_a_history_nobody_is_suspected(compare: Compare):
    """The file is written nevertheless: what reads it finds it empty."""
    code, out, _ = compare(write(record_of(600.0)), "--suspects", "suspects.txt")
    assert (code, out.splitlines()[0]) == (0, "No regression: 2 scenarios on h100 within their limits")
    assert out.splitlines()[-1] == "wrote suspects.txt: 0 suspects"
    assert Path("suspects.txt").read_text() == ""


def test_requests_appended_by_the_profiler_clear_a_suspect(compare: Compare):
    """The verdict is taken over all of them, and what was cleared is told."""
    first, more = record_of(600.0), make_record(make_scenario("flux", *requests_of([560.0] * 5)))
    path = write(appended(first, more))
    code, out, _ = compare(path, "--history", "nights", "--suspects", "suspects.txt")
    assert code == 0
    assert "cleared: was suspect after 3 requests, is unchanged over all 8" in out
    assert Path("suspects.txt").read_text() == ""


def test_requests_appended_by_the_profiler_confirm_a_suspect(compare: Compare):
    """It stays a suspect, is told to be one still, and is not asked for a third time."""
    first, more = record_of(600.0), make_record(make_scenario("flux", *requests_of([601.0] * 5)))
    code, out, _ = compare(write(appended(first, more)), "--history", "nights", "--suspects", "suspects.txt")
    assert code == 0
    assert "slower than its noise after 8 requests, as after the first 3" in out
    assert Path("suspects.txt").read_text() == ""


def test_a_branch_before_its_first_night_is_a_history(compare: Compare):
    """It has a README at most: a profile job runs with it, and nobody is suspected."""
    Path("young").mkdir()
    for _ in range(2):
        code, out, _ = compare(write(record_of(600.0)), "--history", "young")
        assert (code, out.splitlines()[0]) == (0, "No regression: 2 scenarios on h100 within their limits")
        Path("young/README.md").write_text("what this is")


def test_the_nights_of_the_run_itself_do_not_count(compare: Compare):
    """A run that is in the history already is judged by the nights before it."""
    code, out, _ = compare(write(record_of(600.0, run_id=30)), "--history", "nights", "--format", "json")
    assert (code, json.loads(out)["suspects"]) == (0, ["flux"])


def test_nights_of_another_machine_are_no_noise(compare: Compare):
    """Their key is another: only the limits judge."""
    for file in Path("nights").rglob("*.jsonl"):
        file.unlink()
    write_nights(driver="565.57.01")
    _, out, _ = compare(write(record_of(600.0)), "--history", "nights", "--format", "json")
    assert json.loads(out)["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("policy", "outcome", "code"), [("ratchet", "unchanged", 0), ("sglang", "regressed", 1)]
)
def test_the_policy_decides(compare: Compare, policy: str, outcome: str, code: int):
    """A missing text encoder is told by ours and fails by sglang's."""
    stages = {"DenoisingStage": 460.0, "DecodingStage": 60.0}
    record = make_record(*(make_scenario(name, make_request(stages=stages)) for name in NAMES))
    found, out, _ = compare(write(record), "--policy", policy, "--format", "json")
    shown = json.loads(out)
    assert (found, shown["outcome"], shown["policy"]) == (code, outcome, policy)


def test_shards_are_one_run(compare: Compare):
    """Each record has some of the scenarios; together they have all."""
    one, two = make_record(make_scenario("flux")), make_record(make_scenario("wan"), job="profile-2")
    code, out, _ = compare(write(one), write(two, "two.json"), "--format", "markdown")
    assert code == 0
    assert "2 of 2 scenarios judged" in out
    assert "job `profile-2`" in out
    assert compare(write(one))[0] == 1


def test_records_of_two_hardware_are_refused(compare: Compare):
    """They have baselines of their own."""
    other = write(make_record(hardware="ascend"), "two.json")
    assert compare(write(make_record()), other) == (
        2,
        "",
        "perf-ratchet: record.json: these are records of ascend and h100; compare one hardware at a time\n",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--history", "nowhere"], "nowhere: is not a folder; check out the history branch there"),
        (["--history", "."], ".: there is no history; check out the history branch there"),
        (["--suspects", "nights"], "nights: Is a directory; choose another --suspects"),
        (["--profile", "x"], "h100.json: tolerances: there is no profile 'x'; it has long_term, pr_test"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(compare: Compare, arguments: list[str], message: str):
    """Exit code 2, the place, and how to mend it."""
    code, out, err = compare(write(record_of(560.0)), *arguments)
    assert (code, out, err) == (2, "", f"perf-ratchet: {message}\n")


@pytest.mark.parametrize("name", ["h100.json", "notes.md"])
def test_a_file_that_is_no_list_of_ids_is_not_emptied(compare: Compare, name: str):
    """A mistyped --suspects would cost a baseline file; nothing is judged."""
    Path("notes.md").write_text("flux is slow\n")
    before = Path(name).read_bytes()

    assert compare(write(record_of(600.0)), "--suspects", name) == (
        2,
        "",
        f"perf-ratchet: {name} is not a list of scenario ids; name another --suspects\n",
    )
    assert Path(name).read_bytes() == before


def test_an_older_list_of_ids_gives_way(compare: Compare):
    """Blank lines are none, as for ratchet-profiler run --only."""
    Path("suspects.txt").write_text("flux\n\nwan_2.2\n")
    compare(write(record_of(600.0)), "--suspects", "suspects.txt")
    assert Path("suspects.txt").read_text() == ""
