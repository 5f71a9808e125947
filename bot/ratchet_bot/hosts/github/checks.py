"""Verdicts on commits, as check runs of GitHub."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, cast, get_args

from ratchet_bot.hosts import states
from ratchet_bot.hosts.effects import CARRIED, Annotation, Check, Conclusion
from ratchet_bot.hosts.github.repository import GithubRepository
from ratchet_bot.hosts.github.rest_models import CheckRun
from ratchet_bot.hosts.port import HostRefused

SUMMARY_LIMIT: Final = 65_535  # characters; maxLength in GitHub's OpenAPI description of a check run
ANNOTATIONS_AT_ONCE: Final = 50  # maxItems in the same place; more are added by further requests


class Checks(GithubRepository):
    """Check runs. See `port.Host`."""

    def upsert_check(self, check: Check, *, is_first: bool = False) -> str:
        """Make the commit's check of this name and external id say this. See `port.Host`."""
        if len(check.summary) > SUMMARY_LIMIT:
            raise HostRefused(
                f"the summary of the check has {len(check.summary):,} characters and GitHub takes "
                f"{SUMMARY_LIMIT:,}: shorten it"
            )
        call = self._call(f"check {check.head_sha[:7]}", "checks: write")

        def look_first() -> str:
            return self._check(check, self._check_runs(check.head_sha, check_name=check.name))

        def at_once() -> str:
            return self._check(check, [])

        return self._settle(call, at_once if is_first else look_first, again=look_first)

    def own_check(self, sha: str, name: str) -> states.OwnCheck | None:
        """Return the latest check of this name that the bot has made on a commit. See `port.Host`."""
        call = self._call(f"show the checks of {sha[:7]}", "checks: read")
        runs = self._settle(call, lambda: self._check_runs(sha, check_name=name))
        return _latest(run for run in runs if run.is_by(self._login))

    def _check_runs(self, sha: str, **narrowed: str) -> list[CheckRun]:
        # "all": by default GitHub shows only the latest run of a name, and ours may be older.
        path = self._at(f"commits/{sha}/check-runs")
        listed = self._client.pages(path, "check_runs", **narrowed, filter="all")
        return list(map(CheckRun.model_validate, listed))

    def _check(self, check: Check, runs: Sequence[CheckRun]) -> str:
        ours = next((run for run in runs if run.is_of(self._login, check.external_id)), None)
        others = [run for run in runs if run.is_of_another(self._login, check.external_id)]
        if ours is None and check.elsewhere:
            self._conclude_elsewhere(check)
        if check.yields and others:
            if ours is None or ours.status == states.COMPLETED:
                return others[0].html_url or ""
            check = _as_concluded(check, others) if check.conclusion else check
        if ours is None:
            identity = {"name": check.name, "head_sha": check.head_sha, "external_id": check.external_id}
            body = identity | _content(check, annotated=0)
            answer = self._client.send("POST", self._at("check-runs"), body)
            ours, annotated = CheckRun.model_validate(answer.data), ANNOTATIONS_AT_ONCE
        else:
            if check.conclusion is None and ours.status == states.COMPLETED:
                return ours.html_url or ""
            annotated = ours.output.annotations_count
            if not _has_content(ours, check):
                annotated = self._edit(ours, check, annotated)
        # We count annotations ourselves: GitHub's own count may lag behind.
        while annotated < len(check.annotations):
            annotated = self._edit(ours, check, annotated)
        return ours.html_url or ""

    def _conclude_elsewhere(self, check: Check) -> None:
        """Conclude the checks in progress of the same run under another name."""
        concluded = replace(check, conclusion="action_required", summary=check.elsewhere, annotations=())
        for run in self._check_runs(check.head_sha, status="in_progress"):
            if run.name != check.name and run.is_of(self._login, check.external_id):
                self._edit(run, concluded, 0)

    def _edit(self, run: CheckRun, check: Check, annotated: int) -> int:
        """Set the run to the check's content; return how many annotations it has then."""
        self._client.send("PATCH", self._at(f"check-runs/{run.id}"), _content(check, annotated))
        return annotated + ANNOTATIONS_AT_ONCE


def _content(check: Check, annotated: int) -> dict[str, Any]:
    """Return the body of a request. GitHub appends annotations: these follow the first `annotated` ones."""
    due = check.annotations[annotated : annotated + ANNOTATIONS_AT_ONCE]
    output: dict[str, Any] = {"title": check.title, "summary": check.summary}
    if due:
        output["annotations"] = [_annotation(annotation) for annotation in due]
    if check.conclusion is None:
        return {"status": "in_progress", "output": output}
    return {"status": states.COMPLETED, "conclusion": check.conclusion, "output": output}


def _latest(own: Iterable[CheckRun]) -> states.OwnCheck | None:
    latest = max(own, key=lambda run: run.id, default=None)
    if latest is None:
        return None
    output = latest.output
    return states.OwnCheck(
        conclusion=latest.conclusion,
        carried_from=(latest.external_id or "").partition(f"{CARRIED}/")[2],
        title=output.title or "",
        summary=output.summary or "",
    )


def _as_concluded(check: Check, others: Iterable[CheckRun]) -> Check:
    """Return the check with the latest conclusion of other runs; unchanged where there is none yet."""
    concluded = [run for run in others if run.conclusion in get_args(Conclusion)]
    latest = max(concluded, key=lambda run: run.id, default=None)
    return check if latest is None else replace(check, conclusion=cast("Conclusion", latest.conclusion))


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "annotation_level": annotation.level,
        "title": annotation.title,
        "message": annotation.message,
    }


def _has_content(run: CheckRun, check: Check) -> bool:
    status = states.COMPLETED if check.conclusion else "in_progress"
    content = (run.status, run.conclusion, run.output.title, run.output.summary)
    return content == (status, check.conclusion, check.title, check.summary)
