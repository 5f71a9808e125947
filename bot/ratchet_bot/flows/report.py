"""`perf-ratchet report`: tell a pull request what its runs have shown."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from ratchet_bot.data.config_file import settings_from_file
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.record_files import baselines_from_file, record_from_file
from ratchet_bot.data.settings import Hardware, Settings
from ratchet_bot.flows.compare import judged
from ratchet_bot.flows.judged import terms_of
from ratchet_bot.hosts.effects import Check
from ratchet_bot.hosts.hub import Hub
from ratchet_bot.hosts.local import LocalHub
from ratchet_bot.telling import render
from ratchet_bot.telling.report import HardwareReport, Report, report_on
from ratchet_bot.telling.run_report import CHECK_NAME


def run(records: Sequence[Path], config: Path, hub: Hub, *, pull: int, head_sha: str) -> int:
    """Post the comment and the check; return 0 only when everything was judged and nothing regressed.

    Args:
        records: One run record per kind of hardware.
        config: The configuration file.
        hub: Where to post.
        pull: Number of the pull request.
        head_sha: Its commit that was profiled, as the caller knows it: never from a record.

    Raises:
        BadInput: a file cannot be used; nothing is posted then.
        HubRefused: the hub would not, or did not answer; nothing more is posted then.
    """
    settings = settings_from_file(config)
    sections = [_section(path, config, settings, head_sha) for path in records]
    report = report_on(sections, settings.hardware)
    names = [one.hardware for one in report.hardware]
    if len(set(names)) < len(names):
        raise BadInput(f"{', '.join(map(str, records))}: two records of one hardware; give one of each")
    body = render.comment(report)
    # The check first: it is what holds a merge back, should the comment be refused.
    places = (hub.upsert_check(check(report, head_sha, body)), hub.upsert_comment(pull, render.MARKER, body))
    print(render.headline(report), *places, sep="\n")
    return int(report.conclusion != "success")


def hub(repository: str | None, environ: Mapping[str, str], folder: Path) -> Hub:
    """Return GitHub's hub for a repository, or the local one in a folder when there is none.

    Raises:
        HubRefused: there is a repository and no token.
    """
    if repository is None:
        return LocalHub(folder, Path())
    from ratchet_bot.hosts.github import github_hub_from_environment  # noqa: PLC0415 - PyGithub takes 0.2 s, and only this needs it

    return github_hub_from_environment(repository, environ)


def _section(path: Path, config: Path, settings: Settings, head_sha: str) -> HardwareReport:
    record = record_from_file(path)
    claimed = record.source.head_sha
    if claimed != head_sha:
        said = f"is a run of commit {claimed}" if claimed else "was measured outside of a git checkout"
        raise BadInput(f"{path}: {said}; run ratchet-profiler inside a checkout of {head_sha}")
    hardware = _hardware(record.environment.hardware, config, settings)
    return judged(
        [record],
        baselines_from_file(Path(hardware.baselines)),
        hardware.baselines,
        terms_of(settings, record.environment.hardware),
    )


def _hardware(name: str, config: Path, settings: Settings) -> Hardware:
    if name in settings.hardware:
        return settings.hardware[name]
    close = get_close_matches(name, settings.hardware, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(settings.hardware)}"
    raise BadInput(f"{config}: hardware: there is no {name!r}; {hint}")


def check(report: Report, head_sha: str, comment: str) -> Check:
    """Return the check of a report on a commit: it says what the comment says.

    Reporting the same runs again gives the same check.
    """
    runs = [one.source.run_id or one.source.created_at.isoformat() for one in report.hardware]
    return Check(
        name=CHECK_NAME,
        head_sha=head_sha,
        conclusion=report.conclusion,
        title=render.headline(report),
        summary=comment.removeprefix(render.MARKER).lstrip(),
        external_id=" ".join(map(str, runs)),
    )
