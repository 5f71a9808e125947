"""`perf-ratchet tighten` as a person uses it: whose file it is, what was mistyped, and what is told."""

import json
from pathlib import Path

import pytest
from builders import OLD_STAGES, make_baselines, make_record, make_scenario, make_values
from git_folder import git
from ratchet_bot.__main__ import main
from ratchet_profiler.record import record_to_json

CONFIG = """hardware:
  h100: {baselines: perf/h100.json}
  ascend: {baselines: perf/npu.json}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder: two baseline files, and a record of h100 that is faster than both."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perf").mkdir()
    for name in ("h100", "npu"):
        content = make_baselines({"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES)}).text
        (tmp_path / f"perf/{name}.json").write_text(content)
    (tmp_path / "record.json").write_bytes(record_to_json(make_record(make_scenario(), run_id=7)))
    return tmp_path


def configure(folder: Path, name: str = ".github/perf-ratchet.yml") -> None:
    """Write the configuration."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(CONFIG)


def tighten(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run the command; return its exit code, output and errors."""
    code = main(["tighten", *arguments])
    return code, *capsys.readouterr()


def test_the_configuration_knows_whose_file_it_is(folder: Path, capsys: pytest.CaptureFixture[str]):
    """CPU times once went into an H100 file: the record's hardware must be the file's."""
    configure(folder)
    before = (folder / "perf/npu.json").read_bytes()
    line = (
        "perf-ratchet: record.json: the record is from h100, but .github/perf-ratchet.yml assigns "
        "perf/../perf/npu.json to ascend; pass the baselines of h100\n"
    )
    options = ("record.json", "--baselines", "perf/../perf/npu.json", "--write")
    assert tighten(*options, capsys=capsys) == (2, "", line)
    assert (folder / "perf/npu.json").read_bytes() == before
    assert tighten("record.json", "--baselines", "perf/h100.json", "--write", capsys=capsys)[0] == 0


def test_a_configuration_of_another_place_is_asked_too(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Its paths are from where it lies."""
    configure(folder, "ours.yml")
    options = ("record.json", "--baselines", "perf/npu.json", "--config", "ours.yml")
    assert tighten(*options, capsys=capsys)[2].endswith(
        "ours.yml assigns perf/npu.json to ascend; pass the baselines of h100\n"
    )


def test_a_file_that_is_nobodys_may_be_written(folder: Path, capsys: pytest.CaptureFixture[str]):
    """What the configuration does not name is for whoever tries something."""
    configure(folder)
    (folder / "mine.json").write_bytes((folder / "perf/npu.json").read_bytes())
    assert tighten("record.json", "--baselines", "mine.json", "--write", capsys=capsys)[0] == 0


def test_a_broken_configuration_is_said(folder: Path, capsys: pytest.CaptureFixture[str]):
    """It may say whose file it is, so it is not passed over."""
    configure(folder)
    (folder / ".github/perf-ratchet.yml").write_text("hardwear: {}")
    code, _, err = tighten("record.json", "--baselines", "perf/h100.json", capsys=capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("perf-ratchet: .github/perf-ratchet.yml: line 1: hardwear: unknown key")


def test_records_of_two_hardwares_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]):
    """A file is of one."""
    (folder / "other.json").write_bytes(record_to_json(make_record(make_scenario(), hardware="ascend")))
    assert tighten("record.json", "other.json", "--baselines", "perf/h100.json", capsys=capsys)[2] == (
        "perf-ratchet: record.json: these records are of h100 and ascend; give those of one hardware\n"
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("perf/h100.json", "--baselines", "record.json"),
            "perf/h100.json: a baseline file; give a run record in its place",
        ),
        (
            ("record.json", "--baselines", "record.json"),
            "record.json: a run record; give a baseline file in its place",
        ),
    ],
)
@pytest.mark.parametrize("command", ["tighten", "compare"])
def test_exchanged_files_are_recognised(
    arguments: tuple[str, ...],
    line: str,
    command: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
):
    """Nobody has to guess it from a missing field."""
    assert main([command, *arguments]) == 2
    assert capsys.readouterr() == ("", f"perf-ratchet: {line}\n")
    assert sorted(file.name for file in folder.iterdir()) == ["perf", "record.json"]


@pytest.mark.parametrize("command", ["tighten", "compare"])
def test_an_empty_baseline_file_is_said_to_be_empty(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    """It has no line 1: what makes a new one is named."""
    (folder / "perf/h100.json").write_text("\n")

    assert main([command, "record.json", "--baselines", "perf/h100.json"]) == 2
    assert capsys.readouterr().err == (
        "perf-ratchet: perf/h100.json: is empty; "
        "delete it, and perf-ratchet tighten --add --write makes one\n"
    )


def test_a_mistyped_folder_is_not_made(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Also with --add --write, which makes a missing file."""
    options = ("--baselines", "pref/h100.json", "--add", "--write")
    assert tighten("record.json", *options, capsys=capsys) == (
        2,
        "",
        "perf-ratchet: pref/h100.json: there is no folder pref; create it, or correct --baselines\n",
    )
    assert not (folder / "pref").exists()


def test_the_folder_of_a_configured_file_is_made(folder: Path, capsys: pytest.CaptureFixture[str]):
    """What the configuration names is not mistyped."""
    configure(folder)
    (folder / "perf/h100.json").unlink()
    (folder / "perf").rename(folder / "old")
    code, out, _ = tighten("record.json", "--baselines", "perf/h100.json", "--add", "--write", capsys=capsys)
    assert (code, "written to perf/h100.json, a new file" in out) == (0, True)


def test_a_new_file_is_shown_whole(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Without --write nothing is made; the diff begins from nothing."""
    _, out, _ = tighten("record.json", "--baselines", "perf/new.json", "--add", capsys=capsys)
    assert "1 new baseline proposed; --write saves them to perf/new.json, a new file\n" in out
    assert "--- /dev/null\n+++ b/perf/new.json\n@@ -0,0 +1," in out
    assert not (folder / "perf/new.json").exists()


def test_nothing_new_makes_no_file(folder: Path, capsys: pytest.CaptureFixture[str]):
    """A run without a valid request leaves no empty baseline file behind."""
    (folder / "record.json").write_bytes(record_to_json(make_record()))
    _, out, _ = tighten("record.json", "--baselines", "perf/new.json", "--add", "--write", capsys=capsys)
    assert out == "0 new baselines proposed; perf/new.json is not created\n"
    assert not (folder / "perf/new.json").exists()


def test_several_records_are_pooled(folder: Path, capsys: pytest.CaptureFixture[str]):
    """The second --write changes nothing more, and says so."""
    (folder / "second.json").write_bytes(record_to_json(make_record(make_scenario(scale=0.9), run_id=8)))
    options = ("record.json", "second.json", "--baselines", "perf/h100.json", "--write", "--format", "json")
    told = json.loads(tighten(*options, capsys=capsys)[1])
    after = (folder / "perf/h100.json").read_bytes()
    again = json.loads(tighten(*options, capsys=capsys)[1])
    [proposal] = told["proposals"]["proposals"]
    assert (proposal["requests"], proposal["run_id"], proposal["values"]["expected_e2e_ms"]) == (2, 8, 504.0)
    assert (told["written"], told["is_new"], told["diff_left_out"]) == (True, False, 0)
    assert '+            "expected_e2e_ms": 504.0,' in told["diff"].splitlines()
    assert (again["written"], again["proposals"]["proposals"], again["diff"]) == (False, [], "")
    assert (folder / "perf/h100.json").read_bytes() == after


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_history_predicts(form: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    """Nights of the history branch give the chance; another machine's nights are left out."""
    (folder / "nights/h100").mkdir(parents=True)
    key = "NVIDIA H100 80GB HBM3 x2 80 GiB | driver 570 | cuda 12.8 | torch 2.13 | host"
    nights = [
        {
            "version": 1,
            "hardware": "h100",
            "scenario": "flux",
            "run_id": 100 + night,
            "head_sha": "0123456",
            "captured_at": f"2026-10-{night:02d}T03:00:00Z",
            "comparability": key if night > 6 else "another machine",
            "requests": 3,
            "valid": True,
            "values": {"expected_e2e_ms": 560.0 + night % 3},
        }
        for night in range(1, 31)
    ]
    (folder / "nights/h100/2026-10.jsonl").write_text("\n".join(map(json.dumps, nights)))
    options = ("record.json", "--baselines", "perf/h100.json", "--history", "nights")
    _, out, _ = tighten(*options, "--format", form, capsys=capsys)
    assert "would break the new limits in 0.9 % of runs (end to end, judging by 24 nights)" in out
    declined = tighten(*options, "--max-flake-rate", "0.005", "--format", form, capsys=capsys)[1]
    assert "an unchanged engine would break the new limit of expected_e2e_ms in 0.9 % of runs" in declined
    unknown = tighten(*options, "--profile", "none", capsys=capsys)
    assert unknown[0] == 2
    assert unknown[2].startswith("perf-ratchet: perf/h100.json: tolerances: there is no profile 'none'")


@pytest.mark.parametrize("dirty", [True, False, None])
def test_uncommitted_changes_are_told(folder: Path, capsys: pytest.CaptureFixture[str], dirty: bool | None):  # noqa: FBT001 - a case
    """Whoever reads the baseline later must know that its commit is not exactly what ran."""
    (folder / "record.json").write_bytes(record_to_json(make_record(make_scenario(), dirty=dirty)))
    _, out, _ = tighten("record.json", "--baselines", "perf/h100.json", capsys=capsys)
    told = "measured with uncommitted changes: commit 0123456 is not exactly what ran"
    assert (told in out.splitlines()) is bool(dirty)


@pytest.mark.parametrize(
    ("inside", "path"),
    [
        ("", "perf/h100.json"),
        ("", "perf/../perf/h100.json"),
        ("", "{folder}/perf/h100.json"),
        ("perf", "h100.json"),
        ("perf", "../perf/h100.json"),
        ("perf", "{folder}/perf/h100.json"),
    ],
)
def test_the_diff_is_one_that_git_applies(
    inside: str, path: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """From where the command ran, however the path was written."""
    git(folder, "init", "--quiet")
    monkeypatch.chdir(folder / inside)
    options = ("--baselines", path.format(folder=folder), "--format", "json")
    _, out, err = tighten(str(folder / "record.json"), *options, capsys=capsys)
    assert err == ""
    (folder / "change.diff").write_text(json.loads(out)["diff"] + "\n")
    git(folder / inside, "apply", str(folder / "change.diff"))
    applied = (folder / "perf/h100.json").read_bytes()
    git(folder / inside, "apply", "--reverse", str(folder / "change.diff"))
    assert tighten(str(folder / "record.json"), *options, "--write", capsys=capsys)[0] == 0
    assert (folder / "perf/h100.json").read_bytes() == applied


@pytest.mark.parametrize(("is_repository", "path"), [(True, "perf/h100.json"), (False, None)])
def test_a_file_elsewhere_is_headed_from_the_top_of_its_repository(
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    is_repository: bool,
    path: str | None,
):
    """Outside of any, from the root of the file system: never with two slashes."""
    if is_repository:
        git(folder, "init", "--quiet")
    file = folder / "perf/h100.json"
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    _, out, _ = tighten(str(folder / "record.json"), "--baselines", str(file), capsys=capsys)
    path = path or str(file).removeprefix("/")
    assert f"--- a/{path}\n+++ b/{path}\n" in out
