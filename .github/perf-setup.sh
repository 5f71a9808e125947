#!/usr/bin/env bash
# perf-ratchet measures itself with the built-in scenarios: the profiler of this commit, and the torch that the
# runner's image brings (torch_npu beside it on Ascend). See docs/operations.md.
set -euo pipefail

installed=$(mktemp)
python3 -m pip list --format=freeze --exclude perf-ratchet >"$installed"
python3 -m pip install --constraint "$installed" --editable '.[profiler,builtin]'
