"""`perf-ratchet init`: from nothing to a repository that keeps its baselines."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import make_baselines
from git_folder import git
from jsonschema import Draft202012Validator
from ratchet_bot.__main__ import main
from ratchet_bot.adoption.scaffold import STARTING_HARDWARE, schema
from ratchet_bot.data.settings import Hardware
from ratchet_bot.data.settings_file import settings_from_yaml

SHA = "0123456789abcdef0123456789abcdef01234567"
RELEASE = f"octo/perf-ratchet@{SHA}"
WRITTEN = [
    ".github/perf-ratchet.yml",
    ".github/perf-ratchet.schema.json",
    ".github/perf-setup.sh",
    ".github/perf-baselines/h100.json",
    ".github/perf-baselines/ascend.json",
    ".github/workflows/profile.yml",
    ".github/workflows/report.yml",
    ".github/workflows/slash.yml",
    ".github/workflows/nightly.yml",
]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to an empty git repository."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(capsys: pytest.CaptureFixture[str], *, release: str = RELEASE) -> tuple[int, list[str], str]:
    """Run it; return the exit code, the lines on stdout, and stderr."""
    code = main(["init", "--release", release])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def files_in(folder: Path) -> list[str]:
    """Return the files of a repository, but git's own."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] != ".git")


def settings_in(folder: Path) -> Any:
    """Return the configuration that was written."""
    return settings_from_yaml((folder / ".github/perf-ratchet.yml").read_text())


def test_an_empty_repository_gets_everything(repository: Path, capsys: pytest.CaptureFixture[str]):
    """Configuration, schema, setup script, four workflows, two empty baseline files: and it says so."""
    code, out, err = init(capsys)

    assert (code, err) == (0, "")
    assert files_in(repository) == sorted(WRITTEN)
    assert out[: len(WRITTEN)] == [f"wrote {path}" for path in WRITTEN]
    assert out[len(WRITTEN)] == "created the branch perf-history without touching your files"
    assert settings_in(repository).hardware == {
        "h100": Hardware(
            baselines=".github/perf-baselines/h100.json", runner=("self-hosted", "linux", "h100")
        ),
        "ascend": Hardware(
            baselines=".github/perf-baselines/ascend.json",
            runner=("self-hosted", "linux", "ascend"),
            device="npu",
        ),
    }


@pytest.mark.usefixtures("repository")
def test_new_baselines_are_on_the_devices_clock(capsys: pytest.CaptureFixture[str]):
    """What perf-ratchet begins on an accelerator says that its values are device events."""
    init(capsys)
    begun = json.loads(Path(".github/perf-baselines/ascend.json").read_text())

    assert (begun["metadata"]["clock"], begun["scenarios"]) == ("device-events", {})
    assert main(["audit", ".github/perf-baselines/ascend.json"]) == 0


def test_every_workflow_is_pinned_to_the_release(repository: Path, capsys: pytest.CaptureFixture[str]):
    """Each call names the full SHA; no version, since no tag is known to be at it."""
    init(capsys)
    uses = {
        line.strip()
        for path in (repository / ".github/workflows").glob("*.yml")
        for line in path.read_text().splitlines()
        if "uses:" in line
    }

    assert uses == {
        f"uses: octo/perf-ratchet/.github/workflows/{name}.yml@{SHA}"
        for name in ("profile", "report", "slash", "refresh")
    }


@pytest.mark.usefixtures("repository")
def test_the_configuration_fits_its_schema(capsys: pytest.CaptureFixture[str]):
    """The schema for editors is valid, is named in the configuration's first line, and accepts it."""
    init(capsys)
    written = json.loads(Path(".github/perf-ratchet.schema.json").read_text())
    first, *_ = Path(".github/perf-ratchet.yml").read_text().splitlines()
    validator = Draft202012Validator(written)
    validator.check_schema(written)

    assert first == "# yaml-language-server: $schema=./perf-ratchet.schema.json"
    assert list(validator.iter_errors({"hardware": {"h100": {"baselines": "a.json"}}})) == []
    assert [error.validator for error in validator.iter_errors({"hardwear": {}})] == [
        "additionalProperties",
        "required",
    ]


def test_the_schema_is_printed_too(capsys: pytest.CaptureFixture[str]):
    """`perf-ratchet schema` prints what init writes: after an upgrade it is written anew."""
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == schema()


@pytest.mark.parametrize("path", [".github/workflows/report.yml", ".github/perf-setup.sh"])
def test_nothing_is_overwritten(repository: Path, path: str, capsys: pytest.CaptureFixture[str]):
    """One file that is there already, and nothing at all is written; the file is named."""
    (repository / path).parent.mkdir(parents=True)
    (repository / path).write_text("mine\n")
    code, out, err = init(capsys)

    assert (code, out) == (2, [])
    assert err.startswith(f"perf-ratchet: {path}: there already, so nothing is written; ")
    assert files_in(repository) == [path]
    assert (repository / path).read_text() == "mine\n"
    assert git(repository, "for-each-ref") == ""


def test_twice_is_refused_with_all_that_is_there(repository: Path, capsys: pytest.CaptureFixture[str]):
    """The second init names every file of the first, but the baselines, which it would adopt."""
    init(capsys)
    before = {path: (repository / path).read_bytes() for path in files_in(repository)}
    code, _, err = init(capsys)

    assert code == 2
    assert [path for path in WRITTEN if path in err] == [
        path for path in WRITTEN if "perf-baselines" not in path
    ]
    assert {path: (repository / path).read_bytes() for path in files_in(repository)} == before


def test_a_failing_disk_leaves_nothing(repository: Path, capsys: pytest.CaptureFixture[str]):
    """A folder that cannot be made, half way: what was written before it is gone again."""
    (repository / ".github").mkdir()
    (repository / ".github/perf-baselines").write_text("a file where a folder is needed\n")
    code, _, err = init(capsys)

    assert (code, err.count("\n")) == (2, 1)
    assert files_in(repository) == [".github/perf-baselines"]


def test_the_history_branch_is_beside_everything(repository: Path, capsys: pytest.CaptureFixture[str]):
    """The branch has no past, one commit and one file; work in progress stays as it is."""
    (repository / "engine.py").write_text("work = 1\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "Begin")
    (repository / "engine.py").write_text("work = 2\n")
    (repository / "staged.py").write_text("")
    git(repository, "add", "staged.py")
    init(capsys)

    assert git(repository, "log", "--format=%s", "perf-history") == "Begin the history of the nights\n"
    assert git(repository, "ls-tree", "--name-only", "perf-history") == "README.md\n"
    assert git(repository, "status", "--porcelain", "--untracked-files=no") == " M engine.py\nA  staged.py\n"
    assert git(repository, "symbolic-ref", "HEAD") == "refs/heads/main\n"


def test_a_history_that_is_there_is_kept(repository: Path, capsys: pytest.CaptureFixture[str]):
    """A branch that only the remote has is not begun a second time."""
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    git(repository, "remote", "add", "origin", "https://github.com/octo/demo.git")
    git(repository, "update-ref", "refs/remotes/origin/perf-history", "HEAD")

    assert "kept the existing branch perf-history" in init(capsys)[1]
    assert git(repository, "branch", "--list", "perf-history") == ""


def test_a_new_kind_of_hardware_is_one_entry(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """What init begins with need not be known to sglang: baselines at the usual place are found."""
    path = ".github/perf-baselines/mi300.json"
    added = Hardware(baselines=path, runner=("self-hosted", "mi300"))
    monkeypatch.setitem(STARTING_HARDWARE, "mi300", added)  # type: ignore[arg-type] - it is a dictionary
    (repository / path).parent.mkdir(parents=True)
    (repository / path).write_text(make_baselines().text)

    assert init(capsys)[0] == 0
    assert {name: one.baselines for name, one in settings_in(repository).hardware.items()} == {"mi300": path}


@pytest.mark.parametrize(("has_scenarios", "extras"), [(False, "[profiler,builtin]"), (True, "[profiler]")])
def test_the_built_in_scenarios_are_installed_where_they_run(
    repository: Path, capsys: pytest.CaptureFixture[str], extras: str, *, has_scenarios: bool
):
    """Where the repository has scenarios of its own, the profiler is enough."""
    if has_scenarios:
        (repository / ".github").mkdir()
        (repository / ".github/perf-scenarios.toml").write_text("")
    init(capsys)

    assert f"'./.perf-ratchet{extras}'" in (repository / ".github/perf-setup.sh").read_text()


def test_a_profile_of_the_file_is_taken(repository: Path, capsys: pytest.CaptureFixture[str]):
    """Where the file has no profile pr_test, the configuration names the first one that it has."""
    path = repository / ".github/perf-baselines/h100.json"
    path.parent.mkdir(parents=True)
    tolerances = dict.fromkeys(
        ["e2e", "denoise_stage", "non_denoise_stage", "denoise_step", "denoise_agg"], 0.1
    )
    path.write_text(make_baselines({}, tolerances={"nightly": tolerances}).text)
    init(capsys)

    assert settings_in(repository).hardware == {
        "h100": Hardware(
            baselines=".github/perf-baselines/h100.json",
            runner=("self-hosted", "linux", "h100"),
            profile="nightly",
        )
    }


def test_a_scenario_file_is_used(repository: Path, capsys: pytest.CaptureFixture[str]):
    """A scenario file in its usual place is named in the configuration."""
    (repository / ".github").mkdir()
    (repository / ".github/perf-scenarios.toml").write_text(
        '[scenario.a]\nsource = "callable"\ncall = "engine:run"\n'
    )
    init(capsys)

    assert settings_in(repository).scenarios == ".github/perf-scenarios.toml"


def test_outside_of_a_repository_it_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """In a folder that is no repository nothing is written."""
    monkeypatch.chdir(tmp_path)
    code, _, err = init(capsys)

    assert (code, files_in(tmp_path)) == (2, [])
    assert err == f"perf-ratchet: {tmp_path}: is not the top of a git repository; go there, or run git init\n"


@pytest.mark.parametrize("release", ["octo/perf-ratchet@v0.1.0", "octo@" + SHA, "octo/a b@" + SHA, SHA, ""])
def test_a_release_is_a_commit(release: str, capsys: pytest.CaptureFixture[str]):
    """A tag may be moved to other code, so only a full SHA is taken."""
    with pytest.raises(SystemExit, match="2"):
        main(["init", "--release", release])

    assert "is not a release such as octo/perf-ratchet@ and the 40 digits" in capsys.readouterr().err
