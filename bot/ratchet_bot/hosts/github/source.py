"""The repository's content on GitHub: files, histories. Reads of `port.Host`."""

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.git_answers import BlobContent, Comparison, Files, GitObject, Grounds, blob_name
from ratchet_bot.hosts.github.repository import Repository, quoted
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

_SHA = re.compile(r"[0-9a-f]{40}")


class Source(Repository):
    """Files and histories. See `port.Host`."""

    def files_at(self, places: Iterable[Place]) -> Mapping[Place, bytes | None]:
        """Return files as they are. See `port.Host`."""
        wanted = list(dict.fromkeys(places))
        call = self._call(f"show {len(wanted)} file(s)", "contents: read")
        return self._settle(call, lambda: self._contents(wanted)) if wanted else {}

    def judging_files(self, pull: int, places: Iterable[Place]) -> states.JudgingFiles:
        """Return files, and since when a pull request is as it is. See `port.Host`."""
        wanted = list(dict.fromkeys(places))
        call = self._call(f"show {len(wanted)} file(s) and #{pull}", "pull-requests: read")
        return self._settle(call, lambda: self._judging_files(pull, wanted))

    def merge_base(self, base: str, head: str) -> str:
        """Return the full SHA of the commit at which two histories parted. See `port.Host`."""
        return self._comparison(base, head, per_page=1).merge_base_commit.sha

    def commits(self, base: str, head: str) -> Sequence[states.Commit]:
        """Return the commits of `head` that `base` does not have. See `port.Host`."""
        # Without any paging GitHub gives up to 250 in one answer.
        return [it.seen() for it in self._comparison(base, head).commits]

    def changed_paths(self, ancestor: str, head: str) -> Sequence[str] | None:
        """Return the paths of the files in which a commit differs from an ancestor. See `port.Host`."""
        found = self._comparison(ancestor, head, per_page=1)
        if found.merge_base_commit.sha != ancestor or len(found.files) >= MOST_FILES:
            return None
        names = {name for it in found.files for name in (it.filename, it.previous_filename) if name}
        return sorted(names)

    def _comparison(self, base: str, head: str, **query: int) -> Comparison:
        """Compare two histories. A branch's name by itself may be a tag's too, or the beginning of a SHA."""
        call = self._call(f"compare {base[:7]} and {head[:7]}", "contents: read")
        path = self._at(f"compare/{quoted(_unmistakable(base))}...{quoted(_unmistakable(head))}")
        return self._settle(call, lambda: Comparison.model_validate(self._client.get(path, **query)))

    def _contents(self, places: Sequence[Place]) -> dict[Place, bytes | None]:
        found = Files.model_validate(self._client.graphql(files_query(len(places)), self._asked(places)))
        return self._told(places, found)

    def _judging_files(self, pull: int, places: Sequence[Place]) -> states.JudgingFiles:
        asked: dict[str, Any] = {**self._asked(places), "pull": pull}
        found = Grounds.model_validate(self._client.graphql(grounds_query(len(places)), asked))
        return states.JudgingFiles(self._told(places, found), found.pull.settled_at)

    def _asked(self, places: Sequence[Place]) -> dict[str, str]:
        owner, name = self._repository.split("/")
        expressions = {
            f"at{number}": f"{_unmistakable(ref)}:{path}" for number, (ref, path) in enumerate(places)
        }
        return {"owner": owner, "name": name, **expressions}

    def _told(self, places: Sequence[Place], found: Files) -> dict[Place, bytes | None]:
        blobs = [found.repository[f"file{number}"] for number in range(len(places))]
        return dict(zip(places, map(self._content, blobs), strict=True))

    def _content(self, blob: GitObject | None) -> bytes | None:
        if blob is None or blob.kind != "Blob":
            return None
        # GraphQL cuts long files and knows no bytes but UTF-8. What has git's own name is whole.
        content = (blob.text or "").encode()
        if blob_name(content, blob.oid) == blob.oid:
            return content
        whole = BlobContent.model_validate(self._client.get(self._at(f"git/blobs/{blob.oid}")))
        return b64decode(whole.content) if whole.encoding == "base64" else whole.content.encode()


def _unmistakable(ref: str) -> str:
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


def grounds_query(count: int) -> str:
    """Return the same with a pull request."""
    whose = """
  whose: repository(owner: $owner, name: $name) { pullRequest(number: $pull) { ...settled } }
"""
    files = files_query(count).replace("$name: String!", "$name: String!, $pull: Int!")
    return files.replace("\n  repository(", f"{whose}  repository(") + SETTLED
