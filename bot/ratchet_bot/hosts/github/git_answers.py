"""What GitHub tells of commits, branches and files, by REST and by GraphQL: the few fields that are read."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from pydantic import AliasPath, Field

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.answers import Account, Told

RUN_LAG: Final = timedelta(seconds=10)
"""From what starts a run until GitHub has created it. Chosen: a few seconds, with some to spare."""
SHA256_DIGITS: Final = 64
"""Of a name in a repository whose names are SHA-256. Source: `git help hash-object`."""


class GitAuthor(Told):
    """Who git says made a commit."""

    name: str = ""


class GitCommit(Told):
    """What git knows of a commit."""

    author: GitAuthor | None
    message: str


class Named(Told):
    """Something of git, by its name."""

    sha: str


class Reference(Told):
    """Where a branch is."""

    object: Named


class ChangedFile(Told):
    """A file that a commit changes."""

    filename: str
    previous_filename: str | None = None
    """Where a renamed file was before."""
    sha: str | None
    """Git's name of its content."""


class Commit(Told):
    """A commit."""

    sha: str
    commit: GitCommit
    author: Account | None
    parents: tuple[Named, ...]
    files: tuple[ChangedFile, ...] = ()

    def seen(self) -> states.Commit:
        """Return it as the bot sees it."""
        told = self.commit.author.name if self.commit.author else ""
        author = self.author.login if self.author else told
        return states.Commit(sha=self.sha, author=author, message=self.commit.message)


class Comparison(Told):
    """What one history has and another has not."""

    merge_base_commit: Named
    commits: tuple[Commit, ...]
    files: tuple[ChangedFile, ...] = ()


class BlobContent(Told):
    """A file's content, as REST tells it."""

    content: str
    encoding: str


class Oid(Told):
    """Something of git, by its name, as GraphQL tells it."""

    oid: str


class GitObject(Oid):
    """A file's content, as GraphQL tells it; a folder has only its name."""

    kind: str = Field(alias="__typename")
    text: str | None = None


class Files(Told):
    """The answer to a query for files, by the names that the query gave them."""

    repository: dict[str, GitObject | None]


class Move(Told):
    """A pull request was reopened, or given another base."""

    kind: str = Field(alias="__typename")
    at: datetime = Field(alias="createdAt")

    @property
    def settled_at(self) -> datetime:
        """When no run of the base before can begin any more. What reopening starts has the base of then."""
        return self.at if self.kind == "ReopenedEvent" else self.at + RUN_LAG


class Settled(Told):
    """A pull request."""

    created_at: datetime = Field(alias="createdAt")
    moves: tuple[Move, ...] = Field(validation_alias=AliasPath("timelineItems", "nodes"))
    """The last; none where it was never moved."""

    @property
    def settled_at(self) -> datetime:
        """Since when its runs measure the merge that it would be now."""
        return max([self.created_at, *(it.settled_at for it in self.moves)])


class Grounds(Files):
    """The answer to a query for files, and for a pull request."""

    pull: Settled = Field(validation_alias=AliasPath("whose", "pullRequest"))


class Target(Told):
    """Where a branch is, as GraphQL tells it."""

    target: Oid


class Node(Told):
    """The answer to a query for the repository's name in GraphQL."""

    id: str = Field(validation_alias=AliasPath("repository", "id"))


class MadeCommit(Told):
    """The answer to createCommitOnBranch."""

    commit: Oid


class Committed(Told):
    """The data around it."""

    made: MadeCommit = Field(alias="createCommitOnBranch")


class Replied(Told):
    """The answer to addComment."""

    url: str = Field(validation_alias=AliasPath("addComment", "commentEdge", "node", "url"))


def blob_name(content: bytes, like: str) -> str:
    """Return the name that git gives to this content, in a repository that has names like this one.

    Source: `git help hash-object`.
    """
    new = hashlib.sha256 if len(like) == SHA256_DIGITS else hashlib.sha1
    return new(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
