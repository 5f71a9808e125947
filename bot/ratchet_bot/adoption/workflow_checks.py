"""The diagnoses of `perf-ratchet doctor` on a workflow file: triggers, permissions and pins. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from ratchet_bot.adoption.checkup import Diagnosis, Health

NEEDS: Final[Mapping[str, Mapping[str, str]]] = {
    "profile": {"contents": "read"},
    "report": {"actions": "read", "checks": "write", "contents": "read", "pull-requests": "write"},
    "slash": {"actions": "read", "checks": "write", "contents": "write", "pull-requests": "write"},
    "refresh": {"actions": "read", "contents": "write", "issues": "write", "pull-requests": "write"},
}
"""What a job of each of our workflows needs to be granted, by the called workflow's name."""
CALLED: Final[Mapping[str, Sequence[str]]] = {
    "profile": ("profile",),
    "report": ("report",),
    "slash": ("slash",),
    "nightly": ("profile", "refresh"),
}
"""Which of our workflows each of a repository's calls."""
COMMANDS: Final[Mapping[str, str]] = {"report": "report", "respond": "slash", "refresh": "refresh"}
"""The called workflow that runs each command of ours: a job may run the command itself."""
MEASURING: Final = ("ratchet-profiler run", "perf-ratchet ingest")
"""Commands that make a record: a job with one does the work of profile.yml."""
STARTS: Final[Mapping[str, str]] = {
    "profile": "pull_request",
    "report": "workflow_run",
    "slash": "issue_comment",
    "nightly": "schedule",
}
_CALL: Final = re.compile(r"(?:\./|\$/|[^@]+/)\.github/workflows/(\w+)\.ya?ml(?:@.+)?")
_ACTION: Final = re.compile(r"(?:\./|\$/|[^@]+/)\.github/actions/ratchet(?:@.+)?")
_PINNED: Final = re.compile(r"[^@]+@[0-9a-f]{40}(?:[0-9a-f]{24})?")
_OWN: Final = ("./", "$/")
"""How a reference begins that is of the same commit."""


def workflow_checks(path: str, name: str, text: str | None, profile_name: str) -> list[Diagnosis]:
    """Return what is to say of one workflow of a repository: one line when all is well.

    Args:
        path: Of the file.
        name: "profile", "report", "slash" or "nightly".
        text: What is in it; None when it is not there.
        profile_name: What the profile workflow calls itself: GitHub finds it by that.
    """
    if text is None:
        return [Diagnosis(Health.PROBLEM, path, "is missing", "perf-ratchet init writes it; see README.md")]
    try:
        document = yaml.safe_load(text)
        jobs: dict[str, Any] = document["jobs"]
        wrong = [
            *_starts(path, name, _triggers(document), profile_name),
            *_top_permissions(path, document.get("permissions")),
            *(check for job_name, job in jobs.items() for check in _job(path, job_name, job)),
            *_lacking(path, name, jobs),
        ]
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, RecursionError, ValueError) as error:
        says = f"is not a workflow: {str(error).splitlines()[0]}"
        return [
            Diagnosis(
                Health.PROBLEM, path, says, "compare it with the one that perf-ratchet init writes elsewhere"
            )
        ]
    return wrong or [Diagnosis(Health.OK, path, "its triggers, permissions and pins are right")]


def workflow_name(text: str | None) -> str:
    """Return what a workflow calls itself, "" when nobody can say."""
    try:
        return str(yaml.safe_load(text or "")["name"])
    except (yaml.YAMLError, KeyError, TypeError, RecursionError, ValueError):
        return ""


def pin_check(texts: Mapping[str, str]) -> list[Diagnosis]:
    """Return whether all workflows take perf-ratchet from one release.

    Args:
        texts: Workflow files by path.
    """
    pins = {
        sha for text in texts.values() for sha in re.findall(r"/\.github/workflows/\w+\.ya?ml@(\S+)", text)
    }
    if len(pins) < 2:  # noqa: PLR2004 - fewer than two are one release
        return []
    says = f"are pinned to {len(pins)} releases: {', '.join(sorted(pin[:7] for pin in pins))}"
    return [
        Diagnosis(
            Health.WARNING,
            ".github/workflows",
            says,
            "move them together: records and comments fit one release",
        )
    ]


def _triggers(document: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Return what starts a workflow. YAML 1.1 reads the key `on` as true."""
    triggers = document.get("on", document.get(True))
    names = [triggers] if isinstance(triggers, str) else triggers
    return names if isinstance(names, Mapping) else dict.fromkeys(names or ())


def _starts(path: str, name: str, triggers: Mapping[str, Any], profile_name: str) -> Iterator[Diagnosis]:
    if "pull_request_target" in triggers:
        says = "starts on pull_request_target: code of strangers would run with your token"
        yield Diagnosis(Health.PROBLEM, path, says, f"start it on {STARTS[name]}")
    if STARTS[name] not in triggers:
        health = Health.WARNING if name == "nightly" else Health.PROBLEM
        yield Diagnosis(health, path, f"does not start on {STARTS[name]}", f"add {STARTS[name]} to `on`")
    elif name == "report":
        yield from _follows(path, triggers["workflow_run"] or {}, profile_name)


def _follows(path: str, run: Mapping[str, Any], profile_name: str) -> Iterator[Diagnosis]:
    """Yield what is wrong with the `workflow_run` of the report."""
    workflows, types = run.get("workflows") or [], run.get("types") or ["requested", "completed"]
    if profile_name not in workflows:
        followed = ", ".join(map(str, workflows)) or "no workflow"
        says = f"follows {followed}, and profile.yml is called {profile_name!r}"
        yield Diagnosis(Health.PROBLEM, path, says, f"workflows: [{profile_name}]")
    if "completed" not in types:
        yield Diagnosis(
            Health.PROBLEM, path, "does not start when a run is completed", "types: [requested, completed]"
        )
    elif "requested" not in types:
        says = "does not start when a run is requested: a commit has no check until its run is over"
        yield Diagnosis(Health.WARNING, path, says, "types: [requested, completed]")


def _top_permissions(path: str, granted: object) -> Iterator[Diagnosis]:
    if granted != {}:
        health = Health.PROBLEM if granted == "write-all" else Health.WARNING
        says = (
            "grants permissions to every job" if granted else "leaves permissions to the repository's default"
        )
        yield Diagnosis(health, path, says, "permissions: {} at the top; each job says what it needs")


def _job(path: str, name: str, job: Mapping[str, Any]) -> Iterator[Diagnosis]:
    """Yield what is wrong with one job: what it may, and what it is pinned to."""
    for used in _uses(job):
        if not used.startswith(_OWN) and not _PINNED.fullmatch(used):
            says = f"job {name}: {used} can be moved to other code"
            yield Diagnosis(Health.PROBLEM, path, says, "pin it to the full SHA of a commit")
    called = _called(job)
    if called is None:
        return
    needs, granted = NEEDS[called], job.get("permissions") or {}
    if not isinstance(granted, Mapping):
        yield Diagnosis(
            Health.PROBLEM, path, f"job {name}: is granted {granted}", f"permissions: {_listed(needs)}"
        )
        return
    lacks = {key: value for key, value in needs.items() if granted.get(key) not in {value, "write"}}
    if lacks:
        says = f"job {name}: lacks {_listed(lacks)}: GitHub does not start it, or refuses what it does"
        yield Diagnosis(Health.PROBLEM, path, says, f"permissions: {_listed(needs)}")
    more = {key: value for key, value in granted.items() if value == "write" and needs.get(key) != "write"}
    if more:
        health = Health.PROBLEM if called == "profile" else Health.WARNING
        why = ", and code of pull requests runs in it" if called == "profile" else ""
        yield Diagnosis(
            health,
            path,
            f"job {name}: has {_listed(more)} without needing it{why}",
            f"permissions: {_listed(needs)}",
        )


def _lacking(path: str, name: str, jobs: Mapping[str, Any]) -> Iterator[Diagnosis]:
    """Yield which of our workflows is not called at all."""
    called = {_called(job) for job in jobs.values()}
    for wanted in CALLED[name]:
        if wanted not in called:
            says = f"no job calls {wanted}.yml of perf-ratchet"
            yield Diagnosis(
                Health.PROBLEM, path, says, "compare it with the one that perf-ratchet init writes"
            )


def _called(job: Mapping[str, Any]) -> str | None:
    """Return which of our workflows a job calls, or does the work of."""
    call = _CALL.fullmatch(str(job.get("uses", "")))
    if call and call[1] in NEEDS:
        return call[1]
    for step in job.get("steps") or ():
        if any(command in str(step.get("run", "")) for command in MEASURING):
            return "profile"
        words = str((step.get("with") or {}).get("command", "")).split()
        if words and words[0] in COMMANDS and _ACTION.fullmatch(str(step.get("uses", ""))):
            return COMMANDS[words[0]]
    return None


def _uses(job: Mapping[str, Any]) -> list[str]:
    """Return everything that a job takes from elsewhere."""
    references = [job.get("uses"), *(step.get("uses") for step in job.get("steps") or ())]
    return [str(used) for used in references if used]


def _listed(permissions: Mapping[str, str]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in permissions.items())
