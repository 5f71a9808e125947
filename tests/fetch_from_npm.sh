#!/usr/bin/env bash
# Fetch one file of an npm package, which tests compare with. The package is read no further than that file, it is
# never unpacked, and no code of it runs.
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

USAGE='usage: bash tests/fetch_from_npm.sh DESTINATION PACKAGE@VERSION MEMBER SHA256'
destination=${1:?$USAGE} PACKAGE=${2:?$USAGE} MEMBER=${3:?$USAGE} SHA256=${4:?$USAGE}

# macOS has one of these programs, Linux the other.
is_pinned() {
  if command -v sha256sum >/dev/null; then sum=(sha256sum); else sum=(shasum -a 256); fi
  echo "$SHA256  $1" | "${sum[@]}" --check --status
}

# Reads an archive from stdin, stops after MEMBER and writes that to stdout.
member() {
  if tar --version | grep -q GNU; then first=--occurrence=1; else first=--fast-read; fi
  tar -xzO "$first" -f - "$MEMBER"
}

if [ -f "$destination" ] && is_pinned "$destination"; then exit 0; fi
command -v npm >/dev/null || give_up 'npm is not installed'

mkdir -p "$(dirname "$destination")"
folder=$(mktemp -d "$destination.XXXXXX") # beside the destination: the last step is a rename, never a copy
trap 'rm -rf "$folder"' EXIT

archive=$(npm view "$PACKAGE" dist.tarball) || give_up "npm does not know $PACKAGE"
# curl fails when tar has what it needs and stops reading, so tar alone says whether the file came.
(set +o pipefail; curl --silent --location "$archive" | member) >"$folder/member" || give_up "$archive does not give $MEMBER"
if ! is_pinned "$folder/member"; then
  echo "fetch_from_npm: $PACKAGE does not hold the $MEMBER that is pinned here (sha256 $SHA256)" >&2
  exit 1
fi
mv "$folder/member" "$destination"
