"""Whose work is on a branch of the bot: a person's commits are left alone, a merge of the base is no work."""

from collections.abc import Mapping, Sequence

from ratchet_bot.hosts.host import Commit


def has_others(commits: Sequence[Commit], login: str, paths: Sequence[str], path: str) -> bool:
    """Return whether somebody else has worked on a branch.

    A merge that brings nothing of its own is no work, whoever made it: the button "Update branch" makes one.
    It brings nothing when the bot's file is as it was before, and no other file differs from the base.

    Args:
        commits: All that the branch has and its base has not.
        login: In whose name the bot commits. Whoever takes that name for git on a branch of the bot only has
            their own work replaced; an account of theirs goes before the name.
        paths: Files in which the branch differs from where it left the base; none where that is not known.
        path: The file that the bot changes.
    """
    by_sha = {it.sha: it for it in commits}
    others = [it for it in commits if it.author != login]
    return bool(others) and (list(paths) != [path] or not all(_is_of_base(it, by_sha) for it in others))


def _is_of_base(merge: Commit, by_sha: Mapping[str, Commit]) -> bool:
    """Whether a commit merges the base, which alone has what is not listed, and leaves our file alone."""
    if len(merge.parents) != 2 or merge.parents[1] in by_sha:  # noqa: PLR2004 - ours, and the base's
        return False
    before = by_sha.get(merge.parents[0])
    return before is not None and merge.blob is not None and merge.blob == before.blob
