"""What ran on GitHub, what it left, for which pull requests, and who may write: reads of `port.HostReads`."""

from collections.abc import Sequence
from http import HTTPStatus
from itertools import islice
from typing import Final

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.answers import Artifact, Permission, Pull, Run
from ratchet_bot.hosts.github.client import PER_PAGE
from ratchet_bot.hosts.github.failures import Unanswered
from ratchet_bot.hosts.github.repository import Repository, quoted

WRITERS: Final = {"admin", "write"}
"""What GitHub calls the rights of one who may push; it says "write" of a maintainer too."""


class Runs(Repository):
    """Runs, artifacts, pull requests and permissions. See `port.Host`."""

    def run(self, run_id: int) -> states.Run:
        """Return a run. See `port.Host`."""
        call = self._call(f"show run {run_id}", "actions: read")
        path = self._at(f"actions/runs/{run_id}")
        return self._settle(call, lambda: Run.model_validate(self._client.get(path))).seen()

    def runs(
        self, workflow: str, *, head_sha: str | None = None, branch: str | None = None
    ) -> Sequence[states.Run]:
        """Return the latest runs of a workflow's file, newest first. See `port.Host`."""
        call = self._call(f"list runs of {workflow}", "actions: read")
        narrowed = {"head_sha": head_sha, "branch": branch}
        query = {name: value for name, value in narrowed.items() if value is not None}
        path = self._at(f"actions/workflows/{quoted(workflow.rpartition('/')[2])}/runs")

        def listed() -> list[Run]:
            pages = self._client.pages(path, "workflow_runs", **query)
            return [Run.model_validate(it) for it in islice(pages, PER_PAGE)]

        return [it.seen() for it in self._settle(call, listed)]

    def artifacts(self, run_id: int) -> Sequence[states.Artifact]:
        """Return the artifacts of a run, of all its attempts. See `port.Host`."""
        call = self._call(f"list the artifacts of run {run_id}", "actions: read")
        path = self._at(f"actions/runs/{run_id}/artifacts")

        def listed() -> list[Artifact]:
            return list(map(Artifact.model_validate, self._client.pages(path, "artifacts")))

        return [it.seen() for it in self._settle(call, listed)]

    def artifact(self, artifact_id: int, most_bytes: int) -> bytes:
        """Return the zip of an artifact; refuses one that is larger. See `port.Host`."""
        call = self._call(f"give artifact {artifact_id}", "actions: read")
        path = self._at(f"actions/artifacts/{artifact_id}/zip")
        return self._settle(call, lambda: self._client.download(path, most_bytes))

    def pulls_of(self, run: states.Run) -> Sequence[states.Pull]:
        """Return the open pull requests of the run's commit, branch and repository. See `port.Host`."""
        if not run.head_repository:
            return []
        call = self._call(f"list the pull requests of run {run.run_id}", "pull-requests: read")
        head = f"{run.head_repository.split('/')[0]}:{run.head_branch}"

        def listed() -> list[Pull]:
            pages = self._client.pages(self._at("pulls"), state="open", head=head)
            return list(map(Pull.model_validate, pages))

        found = self._settle(call, listed)
        return [it.seen() for it in found if it.is_from(run.head_repository, run.head_sha)]

    def pull(self, number: int) -> states.Pull:
        """Return a pull request. See `port.Host`."""
        call = self._call(f"show #{number}", "pull-requests: read")
        path = self._at(f"pulls/{number}")
        return self._settle(call, lambda: Pull.model_validate(self._client.get(path))).seen()

    def may_write(self, login: str) -> bool:
        """Return whether a person may push to the repository. See `port.Host`."""
        call = self._call(f"say what {login} may do", "metadata: read")
        return self._settle(call, lambda: self._permission(login)) in WRITERS

    def _permission(self, login: str) -> str:
        try:
            found = self._client.get(self._at(f"collaborators/{quoted(login)}/permission"))
        except Unanswered as unanswered:
            if unanswered.failure.status == HTTPStatus.NOT_FOUND:  # no such person
                return "none"
            raise
        return Permission.model_validate(found).permission
