"""Gives a shard to sglang's own retry runner, which prints as in CI. Runs in the environment of sglang."""

import sys

import standins

standins.install("cuda")

from sglang.multimodal_gen.test.runner.pytest_runner import run_pytest  # noqa: E402

sys.exit(run_pytest(sys.argv[1:])[0])
