from pathlib import Path

import pytest
from github_fake import FakeGithub
from perf_project import ASCEND, H100, SETTINGS, Project

from bot.audit import audit
from bot.baselines import baselines_from_text


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path, SETTINGS)


def test_a_maintainer_tightens_in_one_commit(project: Project):
    """One commit by the bot, touching baselines only; the answer shows what was changed, and why not more."""
    pull = project.opened()
    before = project.github.head("faster")
    project.measured(flux=0.8, wan=1.0, ascend={"flux": 0.7})
    code, comment = project.asked(pull, "/tighten-baselines")
    after = project.github.head("faster")
    [answer] = project.answers(comment)

    assert (code, project.reactions(comment)) == (0, ["eyes", "rocket"])
    assert after.parent == before.sha
    assert {path for path in after.files if after.files[path] != before.files.get(path)} == {H100, ASCEND}
    assert baselines_from_text(project.file()).scenarios["flux"].expected_e2e_ms == 474.26
    assert audit(baselines_from_text(project.file())) == []
    assert "**2 new baselines** in" in answer
    assert "`wan`: end to end changed by +0.0%" in answer


def test_a_stranger_is_told_what_is_needed(project: Project):
    """-1, and the permission that is missing; nothing else is looked at."""
    pull = project.opened()
    project.measured(flux=0.8)
    code, comment = project.asked(pull, "/tighten-baselines", "stranger")
    [answer] = project.answers(comment)

    assert (code, project.reactions(comment)) == (1, ["eyes", "-1"])
    assert "**write** permission" in answer
    assert "provenance" not in project.file()
