#!/usr/bin/env bash
# Fetch GitHub's own description of its REST API, against which tests/openapi_contract.py checks every exchange.
# One file (13 MB) out of a package of 385 MB.
#
#   bash tests/fetch_openapi.sh .tools/github-openapi.json
set -euo pipefail

exec bash "$(dirname "$0")/fetch_from_npm.sh" "${1:?usage: bash tests/fetch_openapi.sh DESTINATION}" \
  '@octokit/openapi@23.0.2' package/generated/api.github.com.json \
  829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a
