"""What docs/operations.md promises, the workflow files and the code keep."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ratchet_bot.adoption.scaffold import SCHEMA, STARTING_HARDWARE, WORKFLOWS, schema
from ratchet_bot.adoption.workflow_checks import NEEDS
from ratchet_bot.data.arguments import MAX_SHARDS
from ratchet_bot.hosts.artifacts import MAX_ARTIFACTS, MAX_RUN_BYTES, MAX_ZIP_BYTES
from ratchet_bot.telling.render import MAX_COMMENT_BYTES
from ratchet_profiler.record import MAX_RECORD_BYTES

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
MIB = 2**20


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, its head first."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip("` ") for cell in line.strip("|").split("|")] for line in lines]


def workflow(name: str) -> dict[Any, Any]:
    """Return a workflow of this repository."""
    return yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())


def test_the_table_of_runners_has_what_init_begins_with():
    """A column for each hardware, with the labels and the device that `perf-ratchet init` writes."""
    (_, *names), (_, *labels), (_, *devices), *_ = rows("Runners")
    told = {
        name.lower(): (tuple(re.findall(r"[\w-]+", label)), device)
        for name, label, device in zip(names, labels, devices, strict=True)
    }

    assert told == {name: (one.runner, one.device) for name, one in STARTING_HARDWARE.items()}


def test_the_table_of_permissions_is_what_the_doctor_asks_for():
    """Each row grants what a job needs, and the doctor checks the same."""
    head, *table = rows("Permissions")
    granted = {
        job: {name: right for name, right in zip(head[1:-1], rights, strict=True) if right}
        for job, *rights, _ in table
    }

    assert granted == NEEDS


@pytest.mark.parametrize(
    ("name", "job"),
    [("profile", "profile"), ("report", "report"), ("slash", "respond"), ("refresh", "refresh")],
)
def test_the_workflows_grant_what_the_table_says(name: str, job: str):
    """The called workflows ask for those permissions in the job and for none at the top."""
    document = workflow(name)

    assert document["permissions"] == {}
    assert document["jobs"][job]["permissions"] == NEEDS[name]


@pytest.mark.parametrize("name", [*WORKFLOWS, "refresh", "ci"])
def test_no_job_that_runs_code_of_others_may_write(name: str):
    """Credentials are never kept in a checkout, and a job that may write checks out perf-ratchet alone."""
    for job in workflow(name)["jobs"].values():
        checkouts = [
            step["with"] for step in job.get("steps", ()) if "actions/checkout@" in step.get("uses", "")
        ]
        may_write = "write" in job["permissions"].values()

        assert all(given["persist-credentials"] is False for given in checkouts)
        assert not may_write or [given["path"] for given in checkouts] in ([], [".perf-ratchet"])


@pytest.mark.parametrize("name", [*WORKFLOWS, "refresh"])
def test_nothing_is_cached_and_no_expression_reaches_a_shell(name: str):
    """No cache of any kind, and values come to scripts as variables."""
    text = (ROOT / f".github/workflows/{name}.yml").read_text()
    scripts = [
        step.get("run", "") for job in workflow(name)["jobs"].values() for step in job.get("steps", ())
    ]

    assert "cache" not in re.sub(r"#.*", "", text)
    assert not any("${{" in script for script in scripts)


def test_the_limits_are_those_of_the_code():
    """The page's numbers are the constants of that name."""
    limits = {what: how_much for what, how_much, *_ in rows("Limits")}

    assert limits["artifacts of a run"].startswith(f"{MAX_ARTIFACTS} are read")
    assert limits["a record"].startswith(
        f"{MAX_ZIP_BYTES // MIB} MiB as a zip, {MAX_RECORD_BYTES // MIB} MiB"
    )
    assert limits["all records of a run"].startswith(f"{MAX_RUN_BYTES // MIB} MiB inflated")
    assert limits["jobs of a matrix"].startswith(f"{MAX_SHARDS}; ")
    assert limits["the comment"].startswith(f"{MAX_COMMENT_BYTES:,} bytes")


def test_our_own_schema_is_of_this_version():
    """The schema in .github is what `perf-ratchet schema` prints."""
    assert (ROOT / SCHEMA).read_text("utf-8") == schema()


def test_the_steps_are_named_as_the_page_names_them():
    """What a person sees in a red run is what the page explains."""
    names = {step.get("name") for job in workflow("profile")["jobs"].values() for step in job["steps"]}

    assert {"Install what is measured", "Measure"} <= names
