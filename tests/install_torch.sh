#!/usr/bin/env bash
# Install the torch that demo and tests run on: a CPU build where there is one.
#
#   TORCH_INDEX=URL bash tests/install_torch.sh PYTHON LOCK
#
# On Linux a wheel that pip finds locally comes first (find-links), then the CPU build of TORCH_INDEX. Where neither
# is within reach, and on macOS, where it is a CPU build, the registry's: exactly what LOCK says, with its hashes.
set -euo pipefail

USAGE='usage: TORCH_INDEX=URL bash tests/install_torch.sh PYTHON LOCK'
python=${1:?$USAGE} lock=${2:?$USAGE} index=${TORCH_INDEX:?$USAGE}
torch=$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' "$lock")

# With their dependencies, which the environment has by now: a wheel that lacks some of them does not count.
local_build() { "$python" -m pip install --quiet --no-index "$torch"; }

cpu_build() { "$python" -m pip install --quiet --no-deps --retries 1 --index-url "$index" "$torch+cpu"; }

registry_build() {
  "$python" -m pip install --quiet --no-deps --only-binary :all: --require-hashes --requirement "$lock"
}

case $(uname -sm) in
'Darwin x86_64')
  echo "$torch has no build for Intel Macs: run make in a Linux container; pip install . is the bot, without torch" >&2
  exit 1
  ;;
Darwin*) registry_build ;;
*)
  if local_build 2>/dev/null; then exit; fi
  if cpu_build 2>/dev/null; then exit; fi
  echo "$index has no $torch for this machine, or cannot be reached: the registry's build brings CUDA, 2,700 MB"
  registry_build
  ;;
esac
