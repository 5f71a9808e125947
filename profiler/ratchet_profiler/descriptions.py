"""What a published schema says of a field: the string below it in the source."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema


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
