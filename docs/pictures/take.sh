#!/usr/bin/env bash
# Takes the pictures of README and docs with chromium and a font that has emoji (fonts-noto-color-emoji).
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

take() { # FILE WIDTH HEIGHT PAGE
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/browser" \
    --window-size="$2,$3" --screenshot="$1" "file://$4"
}

.venv/bin/python docs/pictures/pages.py "$work"
.venv/bin/perf-ratchet history plot --folder "$work" --out "$work/trends"
take docs/pictures/comment.png 1000 585 "$work/comment.html"
take docs/pictures/trends.png 1000 845 "$work/trends/index.html"
