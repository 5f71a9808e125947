"""The diagnoses of `perf-ratchet doctor` on configuration, baselines, scenarios and runners. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import permutations
from typing import Final

from ratchet_bot.adoption.plan import ALONE, unmeasured
from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected
from ratchet_bot.data.settings import Hardware, Settings, Waiver
from ratchet_bot.judging.audit import audit
from ratchet_bot.telling.markers import LOOSEN_LABEL, REGRESSION_LABEL

SHOWN: Final = 3
"""Names shown of a long list. Chosen: enough to find the place, and one line stays one line."""

PIPELINES: Final = ("builtin", "diffusers", "diffusion", "requirements")
"""Words of a setup script that bring diffusers, or may: an engine's own list of what it needs."""

UNTOUCHED: Final = "# python3 -m pip install --editable ."
"""The line that `perf-ratchet init` leaves in a setup script for the engine's own: see templates/init."""
OURS: Final = re.compile(
    r"\s*($|set -|installed=|log=|python3 -m pip list |if ! python3 -m pip install .*'\./\.perf-ratchet"
    r"|reason=|s/|echo |exit |fi$)"
)
"""Commands of that script, which install no engine."""


class Health(StrEnum):
    """How one thing stands."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    ASK = "ask"
    """Only the repository host can say."""


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at."""

    health: Health
    subject: str
    """What was looked at, a word or a path."""
    says: str
    """How it stands, one clause."""
    mend: str = ""
    """What to do; "" where nothing is to be done."""


def config_check(path: str, settings: Settings) -> Diagnosis:
    """Return what there is to say of a configuration that can be read."""
    return Diagnosis(Health.OK, path, f"hardware {', '.join(settings.hardware)}")


def schema_check(path: str, content: str | None, expected: str) -> Diagnosis:
    """Return whether editors check the configuration as this version does.

    Args:
        path: Of the schema.
        content: What is in it; None when it is not there.
        expected: What this version writes.
    """
    if content == expected:
        return Diagnosis(Health.OK, path, "is of this version")
    says = (
        "is of another version"
        if content is not None
        else "is missing: editors cannot check the configuration"
    )
    return Diagnosis(Health.WARNING, path, says, f"perf-ratchet schema > {path}")


def baselines_check(
    hardware: Hardware, file: BaselineFile, waivers: Sequence[Waiver], today: date
) -> Diagnosis:
    """Return how a hardware's baselines stand: usable, guarding something, agreeing with themselves."""
    path = hardware.baselines
    try:
        file.profile(hardware.profile)
    except BaselinesRejected as error:
        return Diagnosis(Health.PROBLEM, path, str(error), "name one of its profiles in the configuration")
    if not file.scenarios:
        how = "perf-ratchet tighten RECORD --baselines FILE --add --write, with the record of a first run"
        return Diagnosis(Health.WARNING, path, "no scenario has a baseline yet: nothing is guarded", how)
    scenarios = _count(len(file.scenarios), "scenario")
    findings = [
        finding
        for finding in audit(file, waivers=waivers, today=today)
        if finding.severity != "info" and not finding.waived
    ]
    errors = sum(finding.severity == "error" for finding in findings)
    says = f"{scenarios}, {_count(errors, 'error')} and {_count(len(findings) - errors, 'warning')}"
    if not findings:
        return Diagnosis(Health.OK, path, f"{scenarios}, consistent")
    return Diagnosis(Health.PROBLEM if errors else Health.WARNING, path, says, f"perf-ratchet audit {path}")


def scenarios_check(
    path: str | None, ids: Collection[str], baselines: Mapping[str, BaselineFile]
) -> Diagnosis:
    """Return whether what has a baseline can be run.

    Args:
        path: Of the scenario file; None where the built-in scenarios run.
        ids: Of the scenarios that can be run.
        baselines: Files by hardware, those that can be read.
    """
    filled = {name: file for name, file in baselines.items() if file.scenarios}
    lost = [
        f"{name} on {where}" for where, file in filled.items() for name in file.scenarios if name not in ids
    ]
    subject = path or "scenarios"
    alone = [where for where, file in filled.items() if unmeasured(ids, file)]
    if alone:
        mend = "write a scenario file with the ids of the baselines, as docs/scenarios.md says"
        return Diagnosis(Health.PROBLEM, subject, f"{ALONE} on {', '.join(alone)}: nothing is judged", mend)
    if lost:
        says = f"{_count(len(lost), 'baseline')} without a scenario: {_some(lost)}"
        return Diagnosis(
            Health.WARNING, subject, says, "add the scenarios, or every run reports them as missing"
        )
    if path is None:
        says = "the tiny built-in ones run: they show that runners work, not how fast your engine is"
        return Diagnosis(
            Health.WARNING, subject, says, "write .github/perf-scenarios.toml and name it as `scenarios`"
        )
    new = [name for name in ids if not all(name in file.scenarios for file in filled.values())]
    says = f"{_count(len(ids), 'scenario')}{f', without a baseline: {_some(new)}' if new and filled else ''}"
    return Diagnosis(Health.OK, subject, says)


def setup_check(path: str, text: str | None, *, needs_pipelines: bool | None) -> Diagnosis:
    """Return whether a runner gets what is measured.

    Args:
        path: Of the setup script.
        text: What is in it; None when it cannot be read.
        needs_pipelines: Whether the built-in scenarios run, which need torch, diffusers and transformers;
            None where the configuration does not say what runs.
    """
    if text is None:
        says = "is missing: the profile workflow runs it to install what is measured"
        return Diagnosis(Health.PROBLEM, path, says, "write it; perf-ratchet init writes one elsewhere")
    commands = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    if needs_pipelines is False and UNTOUCHED in text and all(map(OURS.match, commands.splitlines())):
        says = "is still as perf-ratchet init wrote it: your engine is not installed"
        return Diagnosis(Health.WARNING, path, says, f"put your command in the place of {UNTOUCHED!r}")
    if needs_pipelines and not any(word in commands for word in PIPELINES):
        says = "does not install diffusers, which the built-in scenarios need"
        return Diagnosis(
            Health.WARNING, path, says, "python3 -m pip install './.perf-ratchet[profiler,builtin]'"
        )
    return Diagnosis(Health.OK, path, "is there")


def runner_checks(hardware: Mapping[str, Hardware]) -> list[Diagnosis]:
    """Return whether a job can only land on its own hardware, and what only the host knows of its runners."""
    checks = [
        Diagnosis(
            Health.PROBLEM,
            f"runner of {name}",
            f"a job of {name} may land on {other}: {other} has all the labels it asks for",
            f"give {name} a label of its own, such as {name}",
        )
        for name, other in permutations(hardware, 2)
        if set(hardware[name].runner) <= set(hardware[other].runner)
    ]
    for name, configured in hardware.items():
        labels = ", ".join(configured.runner)
        if configured.device != "cpu" and "self-hosted" not in configured.runner:
            says = f"labels {labels}: a machine of GitHub's own, unless it is one with {configured.device}"
            checks.append(Diagnosis(Health.WARNING, f"runner of {name}", says, "add the label self-hosted"))
        says = f"is a runner with the labels {labels} online?"
        checks.append(Diagnosis(Health.ASK, f"runner of {name}", says, "Settings > Actions > Runners"))
    return checks


def waiver_checks(waivers: Iterable[Waiver], today: date) -> list[Diagnosis]:
    """Return the waivers whose time is over."""
    return [
        Diagnosis(
            Health.WARNING,
            "waivers",
            f"{waiver.rule} of {waiver.scenario} counted until {waiver.expires}",
            "fix the baseline, or review it again and move the date",
        )
        for waiver in waivers
        if waiver.expires < today
    ]


def history_check(branch: str, places: Sequence[str]) -> Diagnosis:
    """Return whether the nights have a branch.

    Args:
        branch: Its name.
        places: Where it is: here under its own name, on a remote with the remote's name before it.
    """
    subject = f"branch {branch}"
    if not places:
        how = f"git fetch origin {branch}; if that fails, the first night creates it"
        return Diagnosis(Health.WARNING, subject, "does not exist here", how)
    if places == [branch]:
        return Diagnosis(Health.WARNING, subject, "is here only", f"git push origin {branch}")
    return Diagnosis(Health.OK, subject, f"is at {', '.join(places)}")


def host_checks() -> list[Diagnosis]:
    """Return what to look at on GitHub, since no checkout knows it."""
    actions = "Settings > Actions > General"
    return [
        Diagnosis(Health.ASK, subject, says, mend)
        for subject, says, mend in (
            (
                "default branch",
                "are the workflows on it? GitHub starts report, slash and nightly from there only",
                "merge them",
            ),
            (
                "outside contributors",
                "does every run of theirs need approval?",
                f"{actions} > Approval for running fork pull request workflows",
            ),
            (
                "pull requests",
                "may GitHub Actions create them? The nightly refresh does",
                f"{actions} > Workflow permissions",
            ),
            (
                "labels",
                f"is there {LOOSEN_LABEL}? On an issue of {REGRESSION_LABEL} it asks for looser baselines",
                "Issues > Labels",
            ),
            ("branch protection", 'is the check "perf-ratchet" required?', "Settings > Rules"),
            (
                "GitHub App",
                "commits of GITHUB_TOKEN start no workflows: is there an App?",
                "PERF_RATCHET_APP_ID as a variable, PERF_RATCHET_APP_KEY as a secret; docs/operations.md",
            ),
        )
    ]


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
