#!/usr/bin/env bash
# Fetch GitHub's own description of its REST API, against which tests/openapi_contract.py checks every exchange.
#
#   bash tests/fetch_openapi.sh .tools/github-openapi.json
#
# One file (13 MB) is taken out of a package of 385 MB, so the archive is never unpacked. Without npm it says that
# the contract tests will be skipped and succeeds, unless PERF_RATCHET_REQUIRE_OPENAPI=1 (CI): then it fails.
set -euo pipefail

PACKAGE='@octokit/openapi@23.0.2'
MEMBER='package/generated/api.github.com.json'
SHA256='829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a'

give_up() {
  echo "fetch_openapi: $1; the contract tests will be skipped" >&2
  [ "${PERF_RATCHET_REQUIRE_OPENAPI:-}" != 1 ]
  exit
}

is_pinned() { echo "$SHA256  $1" | sha256sum --check --status; }

destination=${1:?usage: bash tests/fetch_openapi.sh DESTINATION}
if [ -f "$destination" ] && is_pinned "$destination"; then exit 0; fi
command -v npm >/dev/null || give_up 'npm is not installed'

mkdir -p "$(dirname "$destination")"
folder=$(mktemp -d "$destination.XXXXXX") # beside the destination: the last step is a rename, never a copy
trap 'rm -rf "$folder"' EXIT

npm pack --silent --pack-destination "$folder" "$PACKAGE" >/dev/null || give_up "npm could not get $PACKAGE"
tar --extract --gzip --to-stdout --file "$folder"/*.tgz "$MEMBER" >"$folder/openapi.json"
if ! is_pinned "$folder/openapi.json"; then
  echo "fetch_openapi: $PACKAGE does not hold the file that is pinned here (sha256 $SHA256)" >&2
  exit 1
fi
mv "$folder/openapi.json" "$destination"
