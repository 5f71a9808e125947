"""Commits and branches on GitHub, each changed only if its head is the expected one."""

from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import AliasPath, Field

from ratchet_bot.hosts.github.failures import Unanswered
from ratchet_bot.hosts.github.repository import GithubRepository, blob_name, quoted
from ratchet_bot.hosts.github.rest_models import NamedObject, Reference, RestCommit, WireModel
from ratchet_bot.hosts.port import BranchMoved

NO_COMMIT: Final = "0" * 40
"""Git's id for the head of a branch that does not exist."""

CREATE_COMMIT: Final = """mutation Commit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}"""
NODE: Final = """query Node($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { id }
}"""
REBUILD: Final = """mutation Rebuild($refs: UpdateRefsInput!, $commit: CreateCommitOnBranchInput!) {
  updateRefs(input: $refs) { clientMutationId }
  createCommitOnBranch(input: $commit) { commit { oid } }
}"""
"""Made in this order; the second one checks that the branch is where the first one puts it."""
UPDATE_REFS: Final = """mutation Move($input: UpdateRefsInput!) {
  updateRefs(input: $input) { clientMutationId }
}"""


class RepositoryNode(WireModel):
    """The answer to `NODE`."""

    id: str = Field(validation_alias=AliasPath("repository", "id"))


class CreatedCommit(WireModel):
    """The answer to createCommitOnBranch."""

    oid: str = Field(validation_alias=AliasPath("createCommitOnBranch", "commit", "oid"))


class Branches(GithubRepository):
    """Commits and branches. See `port.Host`."""

    def commit_files(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Put files on a branch in one commit, if its head is the expected one. See `port.Host`."""
        call = self._call(f"commit to {branch}", "contents: write")
        return self._settle(call, lambda: self._commit(branch, expected_head, files, message))

    def reset_branch(self, branch: str, expected_head: str | None, to: str) -> None:
        """Move a branch to a commit, if its head is the expected one. See `port.Host`."""
        call = self._call(f"move {branch}", "contents: write")
        self._settle(call, lambda: self._move(branch, expected_head, to))

    def rebuild_branch(
        self, branch: str, expected_head: str | None, base: str, files: Mapping[str, bytes], message: str
    ) -> str:
        """Make a branch one commit on top of a base, if its head is the expected one. See `port.Host`."""
        call = self._call(f"commit to {branch}", "contents: write")

        def step_by_step() -> str:
            now = self._head_of(branch)
            if now not in {expected_head, base}:  # it is done, or somebody else was faster
                return self._head_if_ours(branch, base, files, message)
            self._move(branch, now, base)
            return self._commit(branch, base, files, message)

        def at_once() -> str:
            variables = {
                "refs": self._move_input(branch, expected_head, base),
                "commit": self._commit_input(branch, base, files, message),
            }
            try:
                return CreatedCommit.model_validate(self._client.graphql(REBUILD, variables)).oid
            except Unanswered as unanswered:
                if unanswered.failure.is_outage or unanswered.failure.is_rate_limit:
                    raise
                return step_by_step()

        return self._settle(call, at_once, again=step_by_step)

    def start_branch(self, branch: str, files: Mapping[str, bytes], message: str) -> str:
        """Make a branch of one commit without parents; return its head. See `port.Host`."""
        call = self._call(f"start {branch}", "contents: write")
        return self._settle(call, lambda: self._head_of(branch) or self._start(branch, files, message))

    def head(self, branch: str) -> str | None:
        """Return the full SHA at which a branch is, or None. See `port.Host`."""
        return self._settle(self._call(f"show {branch}", "contents: read"), lambda: self._head_of(branch))

    def _head_of(self, branch: str) -> str | None:
        try:
            data = self._client.get(self._at(f"git/ref/heads/{quoted(branch)}"))
        except Unanswered as unanswered:
            if unanswered.failure.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return Reference.model_validate(data).object.sha

    def _commit(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Commit. GitHub itself checks first that the head is the expected one."""
        commit = self._commit_input(branch, expected_head, files, message)
        try:
            data = self._client.graphql(CREATE_COMMIT, {"input": commit})
        except Unanswered as unanswered:
            if "STALE_DATA" not in unanswered.failure.kinds:
                raise
            return self._head_if_ours(branch, expected_head, files, message)
        return CreatedCommit.model_validate(data).oid

    def _commit_input(
        self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str
    ) -> dict[str, Any]:
        headline, _, rest = message.partition("\n")
        additions = [{"path": path, "contents": b64encode(files[path]).decode()} for path in files]
        return {
            "branch": {"repositoryNameWithOwner": self._repository, "branchName": branch},
            "expectedHeadOid": expected_head,
            "message": {"headline": headline, "body": rest.strip("\n")},
            "fileChanges": {"additions": additions},
        }

    def _move_input(self, branch: str, expected_head: str | None, to: str) -> dict[str, Any]:
        before = expected_head or NO_COMMIT
        update = {"name": f"refs/heads/{branch}", "beforeOid": before, "afterOid": to, "force": True}
        return {"repositoryId": self._node_id(), "refUpdates": [update]}

    def _head_if_ours(self, branch: str, expected_head: str, files: Mapping[str, bytes], message: str) -> str:
        """Return the branch's head if it is the requested commit, whose answer was lost."""
        head = RestCommit.model_validate(self._client.get(self._at(f"commits/{quoted(f'heads/{branch}')}")))
        has_parent = [parent.sha for parent in head.parents] == [expected_head]
        has_message = (
            head.commit.message.split() == message.split()
        )  # GitHub sets the blank lines its own way
        if has_parent and has_message and _changes_only(head, files):
            return head.sha
        raise BranchMoved(branch, expected_head, head.sha)

    def _move(self, branch: str, expected_head: str | None, to: str) -> None:
        """Move. GitHub itself checks first that the head is the expected one."""
        try:
            self._client.graphql(UPDATE_REFS, {"input": self._move_input(branch, expected_head, to)})
        except Unanswered:
            # Whatever the error: it may be done already, by us or by another run.
            now = self._head_of(branch)
            if now == expected_head != to:
                raise
            if now != to:
                raise BranchMoved(branch, expected_head, now) from None

    def _node_id(self) -> str:
        """Return the GraphQL id of the repository."""
        if self._node is None:
            self._node = RepositoryNode.model_validate(self._client.graphql(NODE, self._owner_and_name())).id
        return self._node

    def _start(self, branch: str, files: Mapping[str, bytes], message: str) -> str:
        entries = [self._entry(path, content) for path, content in files.items()]
        tree = self._make("trees", {"tree": entries})
        commit = self._make("commits", {"message": message, "tree": tree, "parents": []})
        try:
            self._client.send("POST", self._at("git/refs"), {"ref": f"refs/heads/{branch}", "sha": commit})
        except Unanswered as unanswered:
            # 422 "Reference already exists": another run was faster, and its branch counts.
            head = None if unanswered.failure.is_outage else self._head_of(branch)
            if head is None:
                raise
            return head
        return commit

    def _entry(self, path: str, content: bytes) -> dict[str, Any]:
        """Return a file of a tree. Text is sent in it; other content is sent before."""
        entry = {"path": path, "mode": "100644", "type": "blob"}
        try:
            return entry | {"content": content.decode()}
        except UnicodeDecodeError:
            blob = {"content": b64encode(content).decode(), "encoding": "base64"}
            return entry | {"sha": self._make("blobs", blob)}

    def _make(self, kind: str, body: Mapping[str, Any]) -> str:
        """Make an object of git and return its id. Made twice, it is there once."""
        return NamedObject.model_validate(self._client.send("POST", self._at(f"git/{kind}"), body).data).sha


def _changes_only(commit: RestCommit, files: Mapping[str, bytes]) -> bool:
    """Whether each file that the commit changes is one of ours, with our content."""
    ours = {(path, blob_name(content, commit.sha)) for path, content in files.items()}
    return {(file.filename, file.sha) for file in commit.files} <= ours
