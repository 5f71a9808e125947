"""A host made of a local folder and a local git repository: no server is needed.

Comments are `pulls/<number>/comment.md`, checks `checks/<sha>/<name>.json`, pull requests and issues
`pulls/<number>/about.json` and `issues/<number>/about.json`. A commit is a real one, built beside the working
tree, which is never touched. There are no runs and no artifacts.
"""

from pathlib import Path

from ratchet_bot.hosts.local.documents import Documents
from ratchet_bot.hosts.local.git import LocalBranches


class FolderHost(Documents, LocalBranches):
    """One folder and one git repository: `port.HostEffects`, and the `port.HostReads` that git can answer."""

    def __init__(self, folder: Path, repository: Path) -> None:
        """Touch nothing yet.

        Args:
            folder: Where comments and checks are written. Made when it is missing.
            repository: Top of a git repository, with a working tree or bare.
        """
        Documents.__init__(self, folder)
        LocalBranches.__init__(self, repository)
