"""The hub on a local folder and a local git repository: the embedded default, no host needed.

Comments are `pulls/<number>/comment.md`, checks `checks/<sha>/<name>.json`, pull requests and issues
`pulls/<number>/about.json` and `issues/<number>/about.json`. A commit is a real one, built beside the working
tree, which is never touched. Runs and artifacts are a matter of a host: there are none here.
"""

from pathlib import Path

from ratchet_bot.hosts.local.branches import Branches
from ratchet_bot.hosts.local.papers import Papers


class LocalHub(Papers, Branches):
    """One folder and one git repository. Implements `hub.Hub`, and what git can of `host.Host`."""

    def __init__(self, folder: Path, repository: Path) -> None:
        """Touch nothing yet.

        Args:
            folder: Where comments and checks are written. Made when it is missing.
            repository: Top of a git repository, with a working tree or bare.
        """
        Papers.__init__(self, folder)
        Branches.__init__(self, repository)
