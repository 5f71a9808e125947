#!/usr/bin/env bash
# Fetch payloads that GitHub really sent, which tests/bot/test_events.py reads. One file of 4 MB.
#
#   bash tests/fetch_webhooks.sh .tools/github-webhooks.json
set -euo pipefail

exec bash "$(dirname "$0")/fetch_from_npm.sh" "${1:?usage: bash tests/fetch_webhooks.sh DESTINATION}" \
  '@octokit/webhooks-examples@7.6.1' package/api.github.com/index.json \
  09d8f0c617876ae9dad22e26fea5510bfcaad50ee7e602659f6db25b87b25815
