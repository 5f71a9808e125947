#!/usr/bin/env bash
# perf-ratchet measures itself with the built-in scenarios: the profiler of this commit, and the torch that the
# runner's image brings (torch_npu beside it on Ascend). See docs/operations.md.
set -euo pipefail

python3 -m pip install --editable . 'diffusers>=0.42.1,<0.43' 'transformers>=5.17,<6' 'rich>=14' 'nvidia-ml-py>=13'
