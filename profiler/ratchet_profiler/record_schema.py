"""The JSON Schema of a run record. What it says of a field is the string below the field in the source."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from ratchet_profiler.record import RunRecord


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `run-record.json`."""
    schema = RunRecord.model_json_schema(schema_generator=Described)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


class Described(GenerateJsonSchema):
    """JSON Schema of models whose fields are described by the strings below them.

    pydantic's own `use_attribute_docstrings` reads the source whenever models are imported, which is a tenth
    of `perf-ratchet audit`. Only who asks for the schema needs it.
    """

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Return the schema of a model, with descriptions."""
        described = super().model_schema(schema)
        for field, words in _strings_below(schema["cls"]):
            described["properties"][field]["description"] = words
        return described


def _strings_below(model: type) -> Iterator[tuple[str, str]]:
    """Yield (field, the string below it) of everything that a model itself declares and describes."""
    [declared] = ast.parse(inspect.getsource(model)).body
    for above, below in pairwise(ast.iter_child_nodes(declared)):
        match above, below:
            case ast.AnnAssign(target=ast.Name(id=field)), ast.Expr(value=ast.Constant(value=str(words))):
                yield field, inspect.cleandoc(words)
            case _:
                pass
