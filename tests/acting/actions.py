"""Runs workflows with act."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from github_fake import TOKEN, FakeGithub

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
RELEASE_SHA = "0123456789abcdef0123456789abcdef01234567"
RELEASE = f"octo/perf-ratchet@{RELEASE_SHA}"
"""What the callers are pinned to: this checkout stands for it."""
TIMEOUT_S = 120
"""Seconds after which a workflow hangs. Chosen: the longest takes a tenth of it."""
ACT = Path(sys.executable).with_name("act")


@dataclass(frozen=True)
class Ran:
    """One run of a workflow, as act told it."""

    code: int
    jobs: Mapping[str, str]
    """Result by job, such as {"respond/slash/respond": "success"}; a job that is skipped has none."""
    said: str
    """What the steps printed."""
    errors: str
    """What act itself had to say."""


class Actions:
    """Runs the workflows of a repository; what they leave goes to the fake GitHub."""

    def __init__(self, github: FakeGithub, repository: Path, folder: Path) -> None:
        """Touch nothing yet.

        Args:
            github: What the workflows talk to.
            repository: Working tree of the repository that uses perf-ratchet, with its workflows.
            folder: For everything that is made on the way.
        """
        self.github = github
        self.repository = repository
        self.folder = folder
        self.release = folder / "perf-ratchet"

    def __enter__(self) -> Self:
        """Lay the release out, and take artifacts."""
        ours = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / ".github", self.release / ".github", ignore=ours)
        shutil.copy(TESTS / "acting" / "install.sh", self.release / ".github/actions/ratchet/install.sh")
        self._store = ThreadingHTTPServer(("127.0.0.1", 0), _store(self.github))
        threading.Thread(
            target=self._store.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take no more."""
        self._store.shutdown()
        self._store.server_close()

    def start(self, event: str, workflow: str, payload: Mapping[str, Any], *, run_id: int = 1) -> Ran:
        """Run a workflow of the repository for an event."""
        told = self.folder / "event.json"
        told.write_text(json.dumps(payload))
        command = [str(ACT), event, "--eventpath", str(told), "--json", "--no-cache-server"]
        command += ["--workflows", f".github/workflows/{workflow}.yml", "--secret", f"GITHUB_TOKEN={TOKEN}"]
        for name, value in self._environment(run_id).items():
            command += ["--env", f"{name}={value}"]
        for label in ("ubuntu-24.04", "self-hosted"):
            command += ["--platform", f"{label}=-self-hosted"]
        for used, place in self._stand_ins().items():
            command += ["--local-repository", f"{used}={place}"]
        done = subprocess.run(
            command,
            cwd=self.repository,
            env=os.environ | {"HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache")},
            text=True,
            capture_output=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        return _ran(done)

    def _environment(self, run_id: int) -> dict[str, str]:
        store = f"http://127.0.0.1:{self._store.server_address[1]}"
        return {
            "ACTING_ARTIFACTS": store,
            "ACTING_HISTORY": str(self.folder / "history"),
            "ACTING_PERF_RATCHET": str(self.release),
            "ACTING_PYTHON": sys.executable,
            "ACTING_REPOSITORY": str(self.repository),
            "ACTING_TESTS": str(TESTS),
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": self.github.repository,
            "GITHUB_RUN_ID": str(run_id),
        }

    def _stand_ins(self) -> dict[str, Path]:
        """Return folders by "owner/name@sha": the release, and the actions that the workflows name."""
        text = "".join(path.read_text() for path in (self.release / ".github/workflows").glob("*.yml"))
        actions = set(re.findall(r"actions/([a-z-]+)@([0-9a-f]{40})", text))
        stubs = TESTS / "acting" / "stubs"
        found = {f"actions/{name}@{sha}": stubs / name for name, sha in actions if (stubs / name).is_dir()}
        return {RELEASE: self.release, **found}


def _ran(done: subprocess.CompletedProcess[str]) -> Ran:
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Ran(
        done.returncode,
        {one["job"]: one["jobResult"] for one in told if "jobResult" in one},
        "".join(one["msg"] for one in told if one.get("raw_output")),
        "\n".join(one["msg"] for one in told if one.get("level") == "error") + done.stderr,
    )


def _store(github: FakeGithub) -> type[BaseHTTPRequestHandler]:
    """Return what takes `POST /<run>/<name>` as an artifact: on GitHub another host does."""

    class Store(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
            """Say nothing."""

        def do_POST(self) -> None:
            _, run, name = self.path.split("/")
            content = self.rfile.read(int(self.headers["content-length"]))
            github.artifact(github.runs[int(run)], name, content)
            self.send_response(201)
            self.end_headers()

    return Store
