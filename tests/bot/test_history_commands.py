"""`perf-ratchet history`, on a checkout of the branch."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_baselines, make_values
from history_lines import make_series, sha_of
from ratchet_bot.__main__ import main
from ratchet_bot.data.history import appended, history_from_files, path_of

STEADY = [100.0, 100.4, 99.8, 100.1, 99.9, 100.2, 99.7, 100.3, 100.0, 99.9]
Golden = Callable[[str, str], None]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a checkout with a scenario that became faster, and one with a night that does not count."""
    lines = [
        *make_series([*STEADY, *[80.0] * 8], "flux"),
        *make_series([100.0, 300.0, 101.0], "wan", {2: {"excluded": "node <7> was shared"}}),
    ]
    texts: dict[str, str] = {}
    for line in lines:
        path = path_of(line.hardware, line.captured_at)
        texts[path] = appended(texts.get(path, ""), [line])
    for path, text in texts.items():
        (tmp_path / "nights" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "nights" / path).write_text(text, "utf-8")
    return tmp_path / "nights"


@pytest.fixture
def baselines(tmp_path: Path) -> Path:
    path = tmp_path / "h100.json"
    path.write_text(make_baselines({"flux": make_values(e2e_ms=110.0)}).text)
    return path


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_show(checkout: Path, baselines: Path, form: str, capsys: pytest.CaptureFixture[str], golden: Golden):
    """Levels, changes with their commits, the last nights, and what does not count."""
    code = main(
        ["history", "show", "*", "--folder", str(checkout), "--baselines", str(baselines), "--format", form]
    )

    assert code == 0
    golden(f"history.{'txt' if form == 'text' else 'md'}", capsys.readouterr().out)


def test_show_as_json(checkout: Path, baselines: Path, capsys: pytest.CaptureFixture[str]):
    """Every number has its unit in its name; nights are told one by one."""
    options = ["--folder", str(checkout), "--baselines", str(baselines), "--format", "json"]
    main(["history", "show", "flux", *options])
    told = json.loads(capsys.readouterr().out)
    [trend] = told["trends"]

    assert told["version"] == 1
    assert (trend["level_ms"], trend["baseline_ms"], trend["limit_ms"], trend["slack_ratio"]) == (
        80.0,
        110.0,
        137.5,
        0.375,
    )
    assert [(one["good_sha"], round(one["change_ratio"], 9)) for one in trend["changes"]] == [
        (sha_of(10), -0.2)
    ]
    assert len(trend["nights"]) == 18
    assert trend["nights"][0]["values"]["expected_e2e_ms"] == 100.0


def test_exclude_flags_and_deletes_nothing(checkout: Path, capsys: pytest.CaptureFixture[str]):
    """The run's line of the scenario gets the reason; all other lines stay byte for byte."""
    path = checkout / "h100" / "2026-11.jsonl"
    before = path.read_text("utf-8").splitlines()
    options = ["--folder", str(checkout), "--run-id", "3", "--scenario", "fl*", "--reason", "throttled"]
    assert main(["history", "exclude", *options]) == 0
    after = path.read_text("utf-8").splitlines()

    assert [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [2]
    assert history_from_files([after[2].encode()]).lines[0].excluded == "throttled"
    assert capsys.readouterr().out == f"1 line of run 3 excluded; commit and push:\n  {path}\n"


def test_exclude_leaves_broken_bytes_as_they_are(checkout: Path):
    """A line that is no UTF-8 neither stops the command nor is lost by it."""
    path = checkout / "h100" / "2026-11.jsonl"
    path.write_bytes(path.read_bytes() + b"\xff broken\n")

    options = ["--folder", str(checkout), "--run-id", "3", "--scenario", "wan", "--reason", "throttled"]
    assert main(["history", "exclude", *options]) == 0
    assert path.read_bytes().endswith(b"\xff broken\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "qwen"], "no scenario matches 'qwen'; known: flux, wan"),
        (["show", "flux", "--hardware", "ascend"], "no nights of ascend; there are h100\n"),
        (["plot", "--out", "page", "--hardware", "h200"], "no nights of h200; there are h100\n"),
        (["exclude", "--run-id", "99", "--reason", "x"], "no line of run 99 matches '*'"),
        (["exclude", "--run-id", "3", "--reason", " "], "--reason: say why in 1 to 300 characters"),
        (["plot", "--out", "page", "--repository", 'x"><script>'], "is not a repository; write owner/name"),
    ],
)
def test_mistakes_are_one_line(
    checkout: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2, and a line that says what is there."""
    assert main(["history", *arguments, "--folder", str(checkout)]) == 2
    told = capsys.readouterr().err

    assert said in told
    assert told.count("\n") == 1


def test_an_excluded_line_keeps_its_reason(checkout: Path, capsys: pytest.CaptureFixture[str]):
    """Whoever wonders later finds the first one; the other lines of the run are excluded."""
    path = checkout / "h100" / "2026-11.jsonl"
    options = ["history", "exclude", "--folder", str(checkout), "--run-id", "2", "--reason"]
    assert main([*options, "throttled"]) == 0
    before = path.read_bytes()
    assert before.count(b"node <7> was shared") == before.count(b"throttled") == 1
    assert capsys.readouterr().out.startswith("1 line of run 2 excluded")
    assert main([*options, "another"]) == 2
    assert capsys.readouterr().err == (
        f"perf-ratchet: {checkout}: no line of run 2 matches '*', or all are excluded already\n"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_show_names_the_lines_that_cannot_be_read(
    form: str, checkout: Path, capsys: pytest.CaptureFixture[str]
):
    """They harm no other line, and are not passed over. Without baselines none is said to be tight."""
    path = checkout / "h100" / "2026-11.jsonl"
    path.write_text("broken\n\n" + path.read_text("utf-8") + "{}\n", "utf-8")
    last = len(path.read_text("utf-8").splitlines())
    assert main(["history", "show", "*", "--folder", str(checkout), "--format", form]) == 0
    out = capsys.readouterr().out
    end = "." if form == "markdown" else ""
    told = f"2 lines cannot be read: h100/2026-11.jsonl:1, h100/2026-11.jsonl:{last}{end}"
    assert out.splitlines()[-1] == told
    assert "No baseline is loose" not in out


def test_plot_says_what_it_wrote(checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """And which lines it could not read."""
    path = checkout / "h100" / "2026-11.jsonl"
    path.write_text("broken\n" + path.read_text("utf-8"), "utf-8")
    out = tmp_path / "page"
    assert main(["history", "plot", "--folder", str(checkout), "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"wrote {out / 'index.html'}: 2 charts",
        "1 line cannot be read: h100/2026-11.jsonl:1",
    ]


def test_a_folder_without_history_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A folder that is no checkout of the branch is no empty history."""
    assert main(["history", "show", "*", "--folder", str(tmp_path)]) == 2
    assert "there is no history; check out the history branch there" in capsys.readouterr().err


def test_baselines_need_their_hardware(checkout: Path, baselines: Path, capsys: pytest.CaptureFixture[str]):
    """Where a checkout has several kinds of hardware, whose baselines these are has to be said."""
    (checkout / "ascend").mkdir()
    (checkout / "ascend" / "2026-11.jsonl").write_text("")

    assert main(["history", "show", "*", "--folder", str(checkout), "--baselines", str(baselines)]) == 2
    assert "whose baselines are these? give --hardware, one of ascend, h100" in capsys.readouterr().err
