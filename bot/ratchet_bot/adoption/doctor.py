"""An examination of a repository: every file that perf-ratchet needs, as `checkup` diagnoses it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ratchet_bot.adoption import checkout, checkup, scaffold
from ratchet_bot.adoption.checkup import Diagnosis, Health
from ratchet_bot.adoption.workflow_checks import pin_check, workflow_checks, workflow_name
from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.names import CONFIG
from ratchet_bot.data.reading import baselines_from_file, scenarios_from_file
from ratchet_bot.data.settings import Settings
from ratchet_bot.data.settings_file import settings_from_file

WORKFLOW_PATHS: Final = {name: f".github/workflows/{name}.yml" for name in scaffold.WORKFLOWS}
"""Where the workflows are, by name."""


def examined(folder: Path) -> list[Diagnosis]:
    """Return how everything stands that perf-ratchet needs in a repository.

    Args:
        folder: Top of a git repository.
    """
    if any((folder / path).exists() for path in (CONFIG, scaffold.SETUP, *WORKFLOW_PATHS.values())):
        return [*_configured(folder), *_workflows(folder), *checkup.host_checks()]
    return [Diagnosis(Health.PROBLEM, CONFIG, "nothing of perf-ratchet is here yet", "perf-ratchet init")]


def _configured(folder: Path) -> Iterator[Diagnosis]:
    """Yield the diagnoses of the configuration, and of all that it names."""
    try:
        settings = settings_from_file(folder / CONFIG)
    except BadInput as error:
        if (folder / CONFIG).exists():
            yield _unreadable(folder, CONFIG, error, "correct it; perf-ratchet schema says what it may hold")
        else:
            yield Diagnosis(Health.PROBLEM, CONFIG, "is missing", "perf-ratchet init writes one")
        yield _schema(folder)
        yield _setup(folder, needs_pipelines=None)
        return
    today = datetime.now(UTC).date()
    yield checkup.config_check(CONFIG, settings)
    yield _schema(folder)
    baselines: dict[str, BaselineFile] = {}
    for name, hardware in settings.hardware.items():
        try:
            baselines[name] = baselines_from_file(folder / hardware.baselines)
        except BadInput as error:
            yield _unreadable(
                folder, hardware.baselines, error, "perf-ratchet tighten --add --write makes one"
            )
        else:
            yield checkup.baselines_check(hardware, baselines[name], settings.waivers, today)
    yield from checkup.waiver_checks(settings.waivers, today)
    yield _scenarios(folder, settings, baselines)
    yield _setup(folder, needs_pipelines=settings.scenarios is None)
    yield from checkup.runner_checks(settings.hardware)
    yield checkup.history_check(settings.history_branch, checkout.places_of(folder, settings.history_branch))


def _scenarios(folder: Path, settings: Settings, baselines: dict[str, BaselineFile]) -> Diagnosis:
    try:
        scenarios = scenarios_from_file(folder / settings.scenarios if settings.scenarios else None)
    except BadInput as error:
        path = str(settings.scenarios)
        if (folder / path).exists():
            mend = f"correct it; ratchet-profiler list --scenarios {path} reads it"
        else:
            mend = "write it, as docs/scenarios.md says; without `scenarios` the tiny built-in ones run"
        return _unreadable(folder, path, error, mend)
    return checkup.scenarios_check(settings.scenarios, [scenario.id for scenario in scenarios], baselines)


def _unreadable(folder: Path, path: str, error: BadInput, mend: str) -> Diagnosis:
    """Return a problem with a file, its path said once."""
    return Diagnosis(Health.PROBLEM, path, str(error).removeprefix(f"{folder / path}: "), mend)


def _schema(folder: Path) -> Diagnosis:
    return checkup.schema_check(scaffold.SCHEMA, _text(folder / scaffold.SCHEMA), scaffold.schema())


def _setup(folder: Path, *, needs_pipelines: bool | None) -> Diagnosis:
    text = _text(folder / scaffold.SETUP)
    return checkup.setup_check(scaffold.SETUP, text, needs_pipelines=needs_pipelines)


def _workflows(folder: Path) -> Iterator[Diagnosis]:
    texts = {name: _text(folder / path) for name, path in WORKFLOW_PATHS.items()}
    profile_name = workflow_name(texts["profile"])
    for name, path in WORKFLOW_PATHS.items():
        yield from workflow_checks(path, name, texts[name], profile_name)
    yield from pin_check({WORKFLOW_PATHS[name]: text for name, text in texts.items() if text})


def _text(path: Path) -> str | None:
    """Return what is in a file, None when it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
