"""The examples that GraphiQL offers for staff: their documents, each with variables to be filled in."""

import json
from datetime import date
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    is_required_input_field,
    parse,
    type_from_ast,
)

from gateway.documents.document_cache import of_staff

# Values of scalars; any other is an empty text.
VALUES: dict[str, Any] = {"Int": 1, "Float": 1.0, "Boolean": False, "Decimal": "10.00", "CurrencyCode": "EUR"}


def staff_variables(schema: GraphQLSchema, *, customer_id: str, today: date) -> dict[str, str]:
    """Return the required variables of each document as formatted JSON. Where they name a customer it is `customer_id`; other ids and texts are left empty."""
    known = VALUES | {"Date": today.isoformat(), "customerId": customer_id}
    return {name: json.dumps(_variables(schema, text, known), indent=2) for name, text in of_staff().items()}


def _variables(schema: GraphQLSchema, text: str, known: dict[str, Any]) -> dict[str, Any]:
    (operation,) = (node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode))
    typed = {node.variable.name.value: type_from_ast(schema, node.type) for node in operation.variable_definitions or () if node.default_value is None}
    return {name: _value(name, kind, known) for name, kind in typed.items() if isinstance(kind, GraphQLNonNull)}


def _value(name: str, kind: Any, known: dict[str, Any]) -> Any:
    if isinstance(kind, GraphQLNonNull):
        return _value(name, kind.of_type, known)
    if isinstance(kind, GraphQLList):
        return [_value(name, kind.of_type, known)]
    if isinstance(kind, GraphQLInputObjectType):
        return {field: _value(field, item.type, known) for field, item in kind.fields.items() if is_required_input_field(item)}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return known.get(name, known.get(kind.name, ""))
