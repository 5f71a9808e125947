"""The least that GitHub's own description demands of its objects, for the fake to fill in.

    python tests/github_fake/skeletons.py .tools/github-openapi.json

writes skeletons.json anew. Everything in it is a placeholder that satisfies its schema.
"""

import copy
import functools
import json
import sys
from pathlib import Path
from typing import Any

PLACE = Path(__file__).with_name("skeletons.json")
SCHEMAS = (
    "artifact",
    "blob",
    "commit-comparison",
    "git-commit",
    "git-ref",
    "git-tree",
    "installation",
    "integration",
    "issue",
    "label",
    "pull-request",
    "pull-request-simple",
    "reaction",
    "repository",
    "workflow-run",
)
BY_FORMAT = {"uri": "https://api.github.com/x", "date-time": "2026-05-17T12:00:00Z"}
BY_TYPE: dict[str, Any] = {"string": "x", "integer": 0, "number": 0, "boolean": False, "array": []}


def skeleton(name: str) -> dict[str, Any]:
    """Return a fresh object of this schema."""
    return copy.deepcopy(_all()[name])


@functools.cache
def _all() -> dict[str, dict[str, Any]]:
    return dict(json.loads(PLACE.read_bytes()))


def skeleton_from_description(name: str, description: dict[str, Any]) -> Any:
    """Return the least object of a schema, also where GitHub may give null instead."""
    return least({**description["components"]["schemas"][name], "nullable": False}, description)


def least(schema: dict[str, Any], description: dict[str, Any]) -> Any:
    """Return the least value that a schema takes."""
    while "$ref" in schema:
        schema = functools.reduce(lambda node, part: node[part], schema["$ref"].split("/")[1:], description)
    if schema.get("nullable"):
        return None
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return least(schema[union][0], description)
    if "allOf" in schema:
        return functools.reduce(dict.__or__, (least(it, description) for it in schema["allOf"]))
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object" or "properties" in schema:
        wanted = schema.get("required", [])
        return {name: least(schema["properties"][name], description) for name in wanted}
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE[schema["type"]])


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_bytes())
    made = {name: skeleton_from_description(name, told) for name in SCHEMAS}
    PLACE.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", encoding="utf-8")
