"""Git in a folder of this machine, the same on every machine."""

import os
import subprocess
from pathlib import Path

QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
WHO = {f"GIT_{role}_{key}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular, without this machine's configuration; return what it prints."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=os.environ | QUIET | WHO,
        text=True,
        capture_output=True,
        check=True,
    )
    return done.stdout
