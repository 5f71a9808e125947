"""What is wrong with a table of scenarios, as one line: key, what is wrong, what was probably meant. Pure."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


def first_problem(error: ValidationError, table: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return the first problem as `.key: what is wrong`, an unknown key before a missing one.

    Args:
        error: What validation said about the table.
        table: What was validated, without its id.
        model: Of which class the table should be an instance.
    """
    problems = error.errors(include_url=False)
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    key = str(problem["loc"][0]) if problem["loc"] else ""
    if key == "id":
        return ": an id has letters, digits and . _ + - only, at most 120"
    place = "".join(f".{part}" for part in problem["loc"])
    match problem["type"]:
        case "extra_forbidden":
            others = [name for name in model.model_fields if name not in {"id", *table}]
            return f"{place}: unknown key{suggestion(key, others)}"
        case "missing":
            return f"{place}: missing"
        case "literal_error":
            return f"{place}: {unknown_value(key, problem['input'], _values(model, key))}"
        case _:
            return _message(place, problem)


def unknown_value(key: str, value: object, known: Sequence[str]) -> str:
    """Return that a closed set does not hold the value, what was probably meant, and the whole set."""
    return f"unknown {key} {value!r}{suggestion(value, known)}; there are: {', '.join(known)}"


def suggestion(word: object, known: Sequence[str]) -> str:
    """Return `; did you mean X?` when one of the known words is close, else nothing."""
    close = get_close_matches(str(word), known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _values(model: type[BaseModel], key: str) -> tuple[str, ...]:
    return get_args(model.model_fields[key].annotation)


def _message(place: str, problem: ErrorDetails) -> str:
    """Return pydantic's own words; ours already begin with the name of the nested key."""
    words = problem["msg"]
    if problem["type"] != "value_error":
        return f"{place}: {words}"
    joint = "." if problem["loc"] else ": "
    return f"{place}{joint}{words.removeprefix('Value error, ')}"
