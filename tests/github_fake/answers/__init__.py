"""Objects of GitHub's API, complete enough for its own description of them."""

from github_fake.answers.accounts import installation, label, repository, user
from github_fake.answers.conversation import check_run, comment, issue, reaction
from github_fake.answers.git import blob, commit, comparison, git_commit, ref, tree
from github_fake.answers.work import artifact, pull, pull_simple, run

__all__ = [
    "artifact",
    "blob",
    "check_run",
    "comment",
    "commit",
    "comparison",
    "git_commit",
    "installation",
    "issue",
    "label",
    "pull",
    "pull_simple",
    "reaction",
    "ref",
    "repository",
    "run",
    "tree",
    "user",
]
