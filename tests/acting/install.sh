#!/usr/bin/env bash
# Stands in for the action's own install.sh: the same entry on the path, with the packages of the test's Python.
set -euo pipefail
mkdir -p "$RUNNER_TEMP/bin"
printf '#!/bin/sh\nPYTHONPATH="%s/bot:%s/profiler:%s" exec "%s" "%s/acting/quick_ratchet.py" "$@"\n' \
  "$ACTING_TESTS/.." "$ACTING_TESTS/.." "$ACTING_TESTS" "$ACTING_PYTHON" "$ACTING_TESTS" >"$RUNNER_TEMP/bin/perf-ratchet"
chmod +x "$RUNNER_TEMP/bin/perf-ratchet"
echo "$RUNNER_TEMP/bin" >>"$GITHUB_PATH"
