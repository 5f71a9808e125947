#!/usr/bin/env bash
# Puts `perf-ratchet` on the path of the steps that follow: the code of this checkout and exactly the packages of
# requirements-bot.lock, in an environment of its own. What the job itself has installed is neither used nor changed.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
home=$RUNNER_TEMP/perf-ratchet

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "perf-ratchet needs python3 to be 3.11 or newer")'
python3 -m venv "$home/venv"
"$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --require-hashes --requirement "$checkout/requirements-bot.lock"
"$home/venv/bin/python" -m pip check

mkdir -p "$home/bin"
# The folder that a step runs in is not on Python's path (-P): what it holds is the pull request's.
printf '#!/bin/sh\nPYTHONPATH="%s/bot:%s/profiler" exec "%s" -P -m ratchet_bot "$@"\n' "$checkout" "$checkout" "$home/venv/bin/python" >"$home/bin/perf-ratchet"
chmod +x "$home/bin/perf-ratchet"
echo "$home/bin" >>"$GITHUB_PATH"
"$home/bin/perf-ratchet" --help >"$home/help.txt"
