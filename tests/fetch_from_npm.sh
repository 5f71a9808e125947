#!/usr/bin/env bash
# Fetch one file of an npm package, which tests compare with. The package is never unpacked, and no code of it runs.
#
#   bash tests/fetch_from_npm.sh DESTINATION PACKAGE@VERSION MEMBER SHA256
#
# Without npm it says that the tests will be skipped and succeeds, unless PERF_RATCHET_REQUIRE_OPENAPI=1 (CI): then
# it fails.
set -euo pipefail

give_up() {
  echo "fetch_from_npm: $1; the tests that need it will be skipped" >&2
  [ "${PERF_RATCHET_REQUIRE_OPENAPI:-}" != 1 ]
  exit
}

is_pinned() { echo "$SHA256  $1" | sha256sum --check --status; }

USAGE='usage: bash tests/fetch_from_npm.sh DESTINATION PACKAGE@VERSION MEMBER SHA256'
destination=${1:?$USAGE} PACKAGE=${2:?$USAGE} MEMBER=${3:?$USAGE} SHA256=${4:?$USAGE}
if [ -f "$destination" ] && is_pinned "$destination"; then exit 0; fi
command -v npm >/dev/null || give_up 'npm is not installed'

mkdir -p "$(dirname "$destination")"
folder=$(mktemp -d "$destination.XXXXXX") # beside the destination: the last step is a rename, never a copy
trap 'rm -rf "$folder"' EXIT

npm pack --silent --pack-destination "$folder" "$PACKAGE" >/dev/null || give_up "npm could not get $PACKAGE"
tar --extract --gzip --to-stdout --file "$folder"/*.tgz "$MEMBER" >"$folder/member"
if ! is_pinned "$folder/member"; then
  echo "fetch_from_npm: $PACKAGE does not hold the $MEMBER that is pinned here (sha256 $SHA256)" >&2
  exit 1
fi
mv "$folder/member" "$destination"
