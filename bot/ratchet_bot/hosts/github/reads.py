"""Reads of `port.Host`: files, histories, runs, artifacts, pull requests, permissions."""

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Final

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.client import PER_PAGE
from ratchet_bot.hosts.github.failures import Unanswered
from ratchet_bot.hosts.github.graphql_models import Files, FilesAndPull, GitObject
from ratchet_bot.hosts.github.repository import GithubRepository, blob_name, quoted
from ratchet_bot.hosts.github.rest_models import (
    BlobContent,
    HistoryComparison,
    Permission,
    RestPull,
    RunArtifact,
    WorkflowRun,
)
from ratchet_bot.hosts.states import Place

MOST_FILES: Final = 300
"""That a comparison lists. Source: GitHub's OpenAPI description of "compare two commits"."""

CONTENT: Final = "fragment content on GitObject { __typename oid ... on Blob { text } }"
"""What a query asks of a file, for `Source._content`."""
SETTLED: Final = """
fragment settled on PullRequest {
  createdAt
  timelineItems(
    last: 1
    itemTypes: [REOPENED_EVENT, BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]
  ) {
    nodes {
      __typename
      ... on ReopenedEvent { createdAt }
      ... on BaseRefChangedEvent { createdAt }
      ... on AutomaticBaseChangeSucceededEvent { createdAt }
    }
  }
}"""
"""What a query asks of a pull request, for `Settled`: whatever lets a run from before be of another merge."""

WRITERS: Final = {"admin", "write"}
"""GitHub's names of the rights of a person who may push; a maintainer has "write" too."""
_SHA = re.compile(r"[0-9a-f]{40}")


class Reads(GithubRepository):
    """Files, histories, runs, pull requests and permissions. See `port.Host`."""

    def files_at(self, places: Iterable[Place]) -> Mapping[Place, bytes | None]:
        """Return files as they are. See `port.Host`."""
        wanted = list(dict.fromkeys(places))
        call = self._call(f"show {len(wanted)} file(s)", "contents: read")

        def contents() -> Mapping[Place, bytes | None]:
            data = self._client.graphql(files_query(len(wanted)), self._file_variables(wanted))
            return self._by_place(wanted, Files.model_validate(data))

        return self._settle(call, contents) if wanted else {}

    def judging_files(self, pull: int, places: Iterable[Place]) -> states.JudgingFiles:
        """Return files, and since when a pull request is as it is. See `port.Host`."""
        wanted = list(dict.fromkeys(places))
        call = self._call(f"show {len(wanted)} file(s) and #{pull}", "pull-requests: read")
        query = files_and_pull_query(len(wanted))

        def files() -> states.JudgingFiles:
            data = self._client.graphql(query, {**self._file_variables(wanted), "pull": pull})
            answer = FilesAndPull.model_validate(data)
            return states.JudgingFiles(self._by_place(wanted, answer), answer.pull.settled_at)

        return self._settle(call, files)

    def merge_base(self, base: str, head: str) -> str:
        """Return the full SHA of the commit at which two histories parted. See `port.Host`."""
        return self._comparison(base, head, per_page=1).merge_base_commit.sha

    def commits(self, base: str, head: str) -> Sequence[states.Commit]:
        """Return the commits of `head` that `base` does not have. See `port.Host`."""
        # Without any paging GitHub gives up to 250 in one answer.
        return [commit.as_state() for commit in self._comparison(base, head).commits]

    def changed_paths(self, ancestor: str, head: str) -> Sequence[str] | None:
        """Return the paths of the files in which a commit differs from an ancestor. See `port.Host`."""
        comparison = self._comparison(ancestor, head, per_page=1)
        if comparison.merge_base_commit.sha != ancestor or len(comparison.files) >= MOST_FILES:
            return None
        paths = {path for file in comparison.files for path in (file.filename, file.previous_filename)}
        return sorted(path for path in paths if path)

    def run(self, run_id: int) -> states.Run:
        """Return a run. See `port.Host`."""
        call = self._call(f"show run {run_id}", "actions: read")
        path = self._at(f"actions/runs/{run_id}")
        return self._settle(call, lambda: WorkflowRun.model_validate(self._client.get(path))).as_state()

    def runs(
        self, workflow: str, *, head_sha: str | None = None, branch: str | None = None
    ) -> Sequence[states.Run]:
        """Return the latest runs of a workflow's file, newest first. See `port.Host`."""
        call = self._call(f"list runs of {workflow}", "actions: read")
        narrowed = {"head_sha": head_sha, "branch": branch}
        query = {name: value for name, value in narrowed.items() if value is not None}
        path = self._at(f"actions/workflows/{quoted(workflow.rpartition('/')[2])}/runs")

        def listed() -> list[WorkflowRun]:
            pages = self._client.pages(path, "workflow_runs", **query)
            return list(map(WorkflowRun.model_validate, islice(pages, PER_PAGE)))

        return [run.as_state() for run in self._settle(call, listed)]

    def artifacts(self, run_id: int) -> Sequence[states.Artifact]:
        """Return the artifacts of a run, of all its attempts. See `port.Host`."""
        call = self._call(f"list the artifacts of run {run_id}", "actions: read")
        path = self._at(f"actions/runs/{run_id}/artifacts")

        def listed() -> list[RunArtifact]:
            return list(map(RunArtifact.model_validate, self._client.pages(path, "artifacts")))

        return [artifact.as_state() for artifact in self._settle(call, listed)]

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

        def listed() -> list[RestPull]:
            pages = self._client.pages(self._at("pulls"), state="open", head=head)
            return list(map(RestPull.model_validate, pages))

        pulls = self._settle(call, listed)
        return [pull.as_state() for pull in pulls if pull.is_from(run.head_repository, run.head_sha)]

    def pull(self, number: int) -> states.Pull:
        """Return a pull request. See `port.Host`."""
        call = self._call(f"show #{number}", "pull-requests: read")
        path = self._at(f"pulls/{number}")
        return self._settle(call, lambda: RestPull.model_validate(self._client.get(path))).as_state()

    def may_write(self, login: str) -> bool:
        """Return whether a person may push to the repository. See `port.Host`."""
        call = self._call(f"say what {login} may do", "metadata: read")
        path = self._at(f"collaborators/{quoted(login)}/permission")

        def permission() -> str:
            try:
                return Permission.model_validate(self._client.get(path)).permission
            except Unanswered as unanswered:
                if unanswered.failure.status == HTTPStatus.NOT_FOUND:  # no such person
                    return "none"
                raise

        return self._settle(call, permission) in WRITERS

    def _comparison(self, base: str, head: str, **query: int) -> HistoryComparison:
        """Compare two histories. A branch's name by itself may be a tag's too, or the beginning of a SHA."""
        call = self._call(f"compare {base[:7]} and {head[:7]}", "contents: read")
        path = self._at(f"compare/{quoted(_full_ref(base))}...{quoted(_full_ref(head))}")
        return self._settle(call, lambda: HistoryComparison.model_validate(self._client.get(path, **query)))

    def _file_variables(self, places: Sequence[Place]) -> dict[str, str]:
        expressions = {f"at{number}": f"{_full_ref(ref)}:{path}" for number, (ref, path) in enumerate(places)}
        return {**self._owner_and_name(), **expressions}

    def _by_place(self, places: Sequence[Place], files: Files) -> dict[Place, bytes | None]:
        blobs = [files.repository[f"file{number}"] for number in range(len(places))]
        return dict(zip(places, map(self._content, blobs), strict=True))

    def _content(self, blob: GitObject | None) -> bytes | None:
        if blob is None or blob.kind != "Blob":
            return None
        # GraphQL cuts long files and replaces bytes that are not UTF-8; the blob id shows what is whole.
        content = (blob.text or "").encode()
        if blob_name(content, blob.oid) == blob.oid:
            return content
        whole = BlobContent.model_validate(self._client.get(self._at(f"git/blobs/{blob.oid}")))
        return b64decode(whole.content) if whole.encoding == "base64" else whole.content.encode()


def _full_ref(ref: str) -> str:
    """Return a name that only this commit or branch has: git takes a tag of a branch's name for it first."""
    return ref if ref == "HEAD" or _SHA.fullmatch(ref) else f"refs/heads/{ref}"


def files_query(count: int) -> str:
    """Return a query for so many files; what is asked for is in its variables, never in its text."""
    numbers = range(count)
    variables = "".join(f", $at{number}: String!" for number in numbers)
    files = "\n".join(
        f"    file{number}: object(expression: $at{number}) {{ ...content }}" for number in numbers
    )
    return f"""query Files($owner: String!, $name: String!{variables}) {{
  repository(owner: $owner, name: $name) {{
{files}
  }}
}}
{CONTENT}"""


def files_and_pull_query(count: int) -> str:
    """Return the same with a pull request."""
    whose = """
  whose: repository(owner: $owner, name: $name) { pullRequest(number: $pull) { ...settled } }
"""
    files = files_query(count).replace("$name: String!", "$name: String!, $pull: Int!")
    return files.replace("\n  repository(", f"{whose}  repository(") + SETTLED
