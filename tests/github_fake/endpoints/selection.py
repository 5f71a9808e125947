"""What a GraphQL document selects out of what there is."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)


class Refusal(Exception):
    """GitHub's way to say no in GraphQL."""

    def __init__(self, kind: str, message: str) -> None:
        """Take what GitHub calls it, and the words."""
        super().__init__(message)
        self.kind = kind


def selected(
    query: str, variables: Mapping[str, Any], roots: Mapping[str, Callable[..., Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the data that a document selects, and the errors on the way.

    Args:
        query: The document, with one operation.
        variables: Of the operation.
        roots: A function for each field of the root; so is a field with arguments. Objects are dictionaries.
    """
    document = parse(query)
    fragments = {it.name.value: it for it in document.definitions if isinstance(it, FragmentDefinitionNode)}
    operation = next(it for it in document.definitions if isinstance(it, OperationDefinitionNode))
    data: dict[str, Any] = {}
    errors = []
    for field in _fields(operation.selection_set, fragments, ""):
        name = _name(field)
        try:
            data[name] = _value(field, roots[field.name.value], variables, fragments)
        except Refusal as refusal:
            data[name] = None
            errors.append({"type": refusal.kind, "path": [name], "message": str(refusal)})
    return data, errors


def _value(
    field: FieldNode,
    source: object,
    variables: Mapping[str, Any],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Any:
    if callable(source):
        arguments = {
            it.name.value: value_from_ast_untyped(it.value, dict(variables)) for it in field.arguments
        }
        source = source(**arguments)
    if isinstance(source, list):
        return [_value(field, it, variables, fragments) for it in source]
    if not isinstance(source, dict) or field.selection_set is None:
        return source
    inner = _fields(field.selection_set, fragments, source.get("__typename", ""))
    return {_name(it): _value(it, source[it.name.value], variables, fragments) for it in inner}


def _fields(
    selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], kind: str
) -> Iterable[FieldNode]:
    """Yield the fields that are selected of an object of this kind, fragments resolved."""
    for it in selection.selections:
        if isinstance(it, FieldNode):
            yield it
        elif isinstance(it, FragmentSpreadNode):
            yield from _fields(fragments[it.name.value].selection_set, fragments, kind)
        elif isinstance(it, InlineFragmentNode) and it.type_condition.name.value == kind:
            yield from _fields(it.selection_set, fragments, kind)


def _name(field: FieldNode) -> str:
    return field.alias.value if field.alias else field.name.value
