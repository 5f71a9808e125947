"""Verdicts on commits, as check runs of GitHub."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, cast, get_args

from ratchet_bot.hosts import states
from ratchet_bot.hosts.effects import CARRIED, Annotation, Check, Conclusion
from ratchet_bot.hosts.github.repository import Repository
from ratchet_bot.hosts.github.rest_models import CheckRun
from ratchet_bot.hosts.port import HostRefused

SUMMARY_LIMIT: Final = 65_535  # characters; maxLength in GitHub's OpenAPI description of a check run
ANNOTATIONS_AT_ONCE: Final = 50  # maxItems in the same place; more are added by further requests


class Checks(Repository):
    """Check runs. See `port.Host`."""

    def upsert_check(self, check: Check, *, is_first: bool = False) -> str:
        """Make the commit's check of this name and external id say this. See `port.Host`."""
        if len(check.summary) > SUMMARY_LIMIT:
            said = f"{len(check.summary):,} characters and GitHub takes {SUMMARY_LIMIT:,}"
            raise HostRefused(f"the summary of the check has {said}: shorten it")
        call = self._call(f"check {check.head_sha[:7]}", "checks: write")

        def look_first() -> str:
            return self._check(check, self._known(check.head_sha, check_name=check.name))

        def at_once() -> str:
            return self._check(check, [])

        return self._settle(call, at_once if is_first else look_first, again=look_first)

    def own_check(self, sha: str, name: str) -> states.OwnCheck | None:
        """Return the latest check of this name that the bot has made on a commit. See `port.Host`."""
        call = self._call(f"show the checks of {sha[:7]}", "checks: read")
        known = self._settle(call, lambda: self._known(sha, check_name=name))
        return _latest(it for it in known if it.is_by(self._login))

    def _known(self, sha: str, **narrowed: str) -> list[CheckRun]:
        # "all", since by default GitHub shows only the latest run of a name and ours may be older.
        path = self._at(f"commits/{sha}/check-runs")
        listed = self._client.pages(path, "check_runs", **narrowed, filter="all")
        return list(map(CheckRun.model_validate, listed))

    def _check(self, check: Check, known: Sequence[CheckRun]) -> str:
        ours = next((it for it in known if it.is_of(self._login, check.external_id)), None)
        others = [it for it in known if it.is_of_another(self._login, check.external_id)]
        if ours is None and check.elsewhere:
            self._conclude_elsewhere(check)
        if check.yields and others:
            if ours is None or ours.status == states.COMPLETED:
                return others[0].html_url or ""
            check = _as_said(check, others) if check.conclusion else check
        if ours is None:
            whose = {"name": check.name, "head_sha": check.head_sha, "external_id": check.external_id}
            made = self._client.send("POST", self._at("check-runs"), whose | _said(check, annotated=0))
            ours, annotated = CheckRun.model_validate(made.data), ANNOTATIONS_AT_ONCE
        else:
            if check.conclusion is None and ours.status == states.COMPLETED:
                return ours.html_url or ""
            annotated = ours.output.annotations_count
            if not _says(ours, check):
                annotated = self._edit(ours, check, annotated)
        # What is there is counted here: GitHub's own count may lag behind.
        while annotated < len(check.annotations):
            annotated = self._edit(ours, check, annotated)
        return ours.html_url or ""

    def _conclude_elsewhere(self, check: Check) -> None:
        """Conclude what is in progress of the same run under another name."""
        for it in self._known(check.head_sha, status="in_progress"):
            if it.name != check.name and it.is_of(self._login, check.external_id):
                told = replace(check, conclusion="action_required", summary=check.elsewhere, annotations=())
                self._edit(it, told, 0)

    def _edit(self, run: CheckRun, check: Check, annotated: int) -> int:
        """Let the run say what the check says; return how many annotations it has then."""
        self._client.send("PATCH", self._at(f"check-runs/{run.id}"), _said(check, annotated))
        return annotated + ANNOTATIONS_AT_ONCE


def _said(check: Check, annotated: int) -> dict[str, Any]:
    """Return the body of a request. GitHub adds annotations to those that are there: these follow them."""
    due = check.annotations[annotated : annotated + ANNOTATIONS_AT_ONCE]
    output: dict[str, Any] = {"title": check.title, "summary": check.summary}
    if due:
        output["annotations"] = [_annotation(it) for it in due]
    if check.conclusion is None:
        return {"status": "in_progress", "output": output}
    return {"status": states.COMPLETED, "conclusion": check.conclusion, "output": output}


def _latest(own: Iterable[CheckRun]) -> states.OwnCheck | None:
    latest = max(own, key=lambda it: it.id, default=None)
    if latest is None:
        return None
    output = latest.output
    return states.OwnCheck(
        conclusion=latest.conclusion,
        carried_from=(latest.external_id or "").partition(f"{CARRIED}/")[2],
        title=output.title or "",
        summary=output.summary or "",
    )


def _as_said(check: Check, others: Iterable[CheckRun]) -> Check:
    """Return a check that concludes as the latest of another run has; itself where there is none yet."""
    said = [it for it in others if it.conclusion in get_args(Conclusion)]
    latest = max(said, key=lambda it: it.id, default=None)
    return check if latest is None else replace(check, conclusion=cast("Conclusion", latest.conclusion))


def _annotation(it: Annotation) -> dict[str, Any]:
    return {
        "path": it.path,
        "start_line": it.line,
        "end_line": it.line,
        "annotation_level": it.level,
        "title": it.title,
        "message": it.message,
    }


def _says(run: CheckRun, check: Check) -> bool:
    status = states.COMPLETED if check.conclusion else "in_progress"
    said = (run.status, run.conclusion, run.output.title, run.output.summary)
    return said == (status, check.conclusion, check.title, check.summary)
