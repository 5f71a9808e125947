"""The parts of the demo that need no pipeline; `make demo` is its whole test."""

import subprocess
import sys
from pathlib import Path

import pytest
from builders import make_record, make_scenario
from git_folder import git
from ratchet_bot.cli import demo_story
from ratchet_bot.data.reading import record_from_file
from ratchet_bot.data.rewriting import new_baselines
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.tighten import propose, tightened
from ratchet_bot.telling import words
from ratchet_profiler.record import record_to_json
from ratchet_profiler.scenarios import scenarios_from_toml, select
from rich.console import Console


class FluxTransformer2DModel:
    """Counts its forward passes. The engine knows denoisers by the name of their class."""

    def __init__(self) -> None:
        """Begin at none."""
        self.count = 0

    def forward(self, value: int) -> int:
        """Return the value, and count."""
        self.count += 1
        return value


class Pipeline:
    """What `prepare` is called with."""

    def __init__(self) -> None:
        """Have a denoiser."""
        self.transformer = FluxTransformer2DModel()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path):
    """A folder that holds anything but an earlier demo is refused in one line and left as it is."""
    (tmp_path / "thesis.tex").write_text("years of work")
    done = subprocess.run(
        [sys.executable, "-m", "ratchet_bot", "demo", "--folder", str(tmp_path)],
        text=True,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == f"perf-ratchet: {tmp_path}: is not empty and was not made by perf-ratchet demo; "
        "choose another --folder\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_demo_runs_the_built_in_scenarios_on_its_engine():
    """Three scenarios, an image and two videos, all prepared by the engine that pull requests change."""
    chosen = select(scenarios_from_toml(demo_story._scenarios(), "demo"), demo_story.GLOB)

    assert sorted(scenario.id for scenario in chosen) == [
        "flux_tiny_t2i",
        "ltx_2_tiny_two_stage_t2v",
        "wan_tiny_t2v",
    ]
    assert {scenario.prepare for scenario in chosen} == {"engine:prepare"}


@pytest.mark.parametrize("passes", [1, 3])
def test_the_engine_really_does_the_work_so_often(passes: int):
    """A slower denoiser is not a sleep: it runs its forward pass that often, and gives the same result."""
    engine: dict[str, object] = {}
    exec(words.text("demo_engine", passes={"flux": passes, "wan": 1}), engine)  # noqa: S102 - our own template
    pipeline = Pipeline()
    prepare = engine["prepare"]
    assert callable(prepare)
    prepare(pipeline)

    assert pipeline.transformer.forward(7) == 7
    assert pipeline.transformer.count == passes


def test_a_terminal_shows_what_a_page_folds():
    """Folded details stand under their heading; nothing of HTML is left."""
    body = "<!-- x -->\n**a**\n\n<details><summary>3 rows</summary>\n\ninside\n\n</details>\n"

    assert demo_story._for_terminal(body).split() == ["**a**", "**3", "rows**", "inside"]


def test_a_demo_in_a_checkout_leaves_it_clean(tmp_path: Path):
    """What it makes is ignored there, and its own repository is whole nevertheless."""
    git(tmp_path, "init", "--quiet")
    made = demo_story.Demo(tmp_path / ".demo", Console())
    made.prepare()

    assert git(tmp_path, "status", "--porcelain").strip() == ""
    assert "engine.py" in git(made.repository, "ls-files").split()


def test_the_tightened_branch_is_checked_out(tmp_path: Path):
    """The commit moves the branch; the working tree moves with it, and `git status` has nothing to say."""
    made = demo_story.Demo(tmp_path / ".demo", Console(quiet=True))
    made.prepare()
    (made.folder / "records").mkdir()
    for name, scale in (("main", 1.0), ("faster", 0.5)):
        record = make_record(make_scenario(scale=scale), hardware="cpu", run_id=7)
        (made.folder / f"records/{name}.json").write_bytes(record_to_json(record))
    first = record_from_file(made.folder / "records/main.json")
    file = new_baselines("cpu", "host", {demo_story.PROFILE: demo_story.TOLERANCES})
    made._write(demo_story.BASELINES, tightened(file, propose(file, [first], Terms(add=True))).text)
    git(made.repository, "add", "--all")
    made._git("commit", "--quiet", "--message", "Capture the first baselines")
    story = demo_story.STORIES[-1]
    git(made.repository, "switch", "--quiet", "--create", story.branch)

    made.tighten(story)

    assert [heading for heading, _ in made.parts] == ["The proposal", "The commit"]
    assert git(made.repository, "status", "--porcelain") == ""
