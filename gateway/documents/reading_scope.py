"""What an operation may select for a caller without the scope `read`: what its root fields answer, but no other objects of the customer to which that leads.

The rule is about the operation as a whole and is applied before it runs, so that nothing is done whose answer is then refused. `docs/decisions/0100` has the reasons.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableValues,
    get_named_type,
    get_variable_values,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)

from auth.permissions import ANYBODY, READ, Permission, check, is_allowed
from auth.viewer import Viewer
from gateway.documents.selections import directive_values, directive_variables
from planner.fields import DocumentContext, collect, selections_of
from schema.declarations.fields import DECLARATION, DEFINITION, AnyOf, ColumnGroup, Derived, Listed, Many, One, PageOf, permission_of
from schema.declarations.payloads import READABLE_CUSTOMER
from schema.declarations.roots import Root

# A root field that needs one of these is for callers who read, and so is all that it leads to.
READING = frozenset({"read", "customers:read", "customers:search"})

# The types of objects to which any object may lead: what is sold, what is a part of the object, and what belongs to no customer. All others need the scope.
CATALOG = frozenset({"CatalogCancellationOption", "Coupon", "Plan", "Price"})
PARTS = frozenset(
    {"AppliedCoupon", "BilledTo", "CancellationOption", "CreditNoteLine", "Installment", "InvoiceLine", "Issuer", "PaymentAllocation", "TaxSummary"}
)
OF_MERCHANT = frozenset({"WebhookAttempt", "WebhookDelivery"})
OWN_TYPES = CATALOG | PARTS | OF_MERCHANT
# Addresses at which anybody reads what relations of the same object lead to.
LEADING_ADDRESSES = frozenset({"Customer.calendarUrl", "Customer.statement"})

RELATIONS = (AnyOf, Listed, Many, One, PageOf, Root)
# The most combinations of operations and variables in directives that are stored for a document.
MAX_STORED = 64


@dataclass(frozen=True, slots=True)
class LeadingField:
    """A selected field that needs the scope: its coordinate, its path by response keys, and the permission of the root field above it."""

    coordinate: str
    path: str
    permission: Permission | None


@dataclass(slots=True)
class DocumentReach:
    """The leading fields of the operations of a valid document, by name and values of the variables in directives: found when a caller without the scope runs one."""

    schema: GraphQLSchema
    ast: DocumentNode
    stored: dict[tuple[Any, ...], tuple[LeadingField, ...]] = field(default_factory=dict)
    # The variables in directives, once they were looked for.
    names: tuple[str, ...] | None = None

    def check(self, operation: OperationDefinitionNode, inputs: Mapping[str, Any], viewer: Viewer) -> None:
        """Check that the viewer may run the operation with these variables. Raises Forbidden, which names a field that needs the scope `read`.

        A root field that is itself refused to the viewer leads to nothing.
        """
        if is_allowed(viewer, READ):
            return
        for leading in self.leading(operation, inputs):
            if leading.permission is None or is_allowed(viewer, leading.permission):
                check(viewer, READ, subject=f"{leading.coordinate} at {leading.path}")

    def leading(self, operation: OperationDefinitionNode, inputs: Mapping[str, Any]) -> tuple[LeadingField, ...]:
        """Return the leading fields that an operation selects with these variables; none if the executor refuses the variables, and runs nothing."""
        if self.names is None:
            self.names = directive_variables(self.ast)
        variables = _variables(self.schema, operation, inputs) if self.names else None
        if self.names and variables is None:
            return ()
        key = (operation.name.value if operation.name else None, *directive_values(self.names, variables.coerced if variables else {}))
        if key not in self.stored:
            if len(self.stored) >= MAX_STORED:
                self.stored.clear()
            fragments = {node.name.value: node for node in self.ast.definitions if isinstance(node, FragmentDefinitionNode)}
            self.stored[key] = tuple(leading_fields(DocumentContext(self.schema, fragments, variables), operation))
        return self.stored[key]


def leading_fields(document: DocumentContext, operation: OperationDefinitionNode) -> Iterator[LeadingField]:
    """Yield the first leading field below each root field that is not itself for callers who read, or for everybody."""
    root = document.schema.get_root_type(operation.operation)
    assert root is not None
    for key, nodes in _collected(document, root, [operation]).items():
        definition, permission = root.fields.get(nodes[0].name.value), permission_of(root, nodes[0].name.value)
        if definition is None or permission is ANYBODY or (permission and permission.scope in READING):
            continue
        for coordinate, path in _below(document, definition, nodes, key, is_stored=False):
            yield LeadingField(coordinate, path, permission)
            break


def leads_on(kind: GraphQLObjectType, name: str) -> bool:
    """Return whether a field of a stored object leads to another object of the customer: it is a relation to a type that is not in `OWN_TYPES`.

    A field of a kind that is not known here leads on too.
    """
    definition = kind.fields[name]
    if f"{kind.name}.{name}" in LEADING_ADDRESSES:
        return True
    declared, target = _declared(definition), get_named_type(definition.type)
    if is_leaf_type(target) or declared is None or declared.base_resolver is None:
        return False
    return not isinstance(declared.metadata.get(DECLARATION), ColumnGroup | Derived) and _row_type(definition).name not in OWN_TYPES


@lru_cache(maxsize=8)
def stored_types(schema: GraphQLSchema) -> frozenset[str]:
    """Return the names of the types of stored objects: those to which a relation leads. All others are parts of payloads."""
    fields = [each for kind in schema.type_map.values() if is_object_type(kind) for each in kind.fields.values()]
    relations = [each for each in fields if (declared := _declared(each)) and isinstance(declared.metadata.get(DECLARATION), RELATIONS)]
    return frozenset(kind.name for relation in relations for kind in _kinds(schema, _row_type(relation)))


def _below(document: DocumentContext, definition: GraphQLField, nodes: list[FieldNode], path: str, *, is_stored: bool) -> Iterator[tuple[str, str]]:
    """Yield the coordinates and paths of the leading fields below a field. `is_stored`: it is selected of a stored object."""
    for kind in _kinds(document.schema, get_named_type(definition.type)):
        is_inside = is_stored or kind.name in stored_types(document.schema)
        for key, merged in _collected(document, kind, nodes).items():
            name = merged[0].name.value
            if name not in kind.fields:
                continue  # __typename
            if is_inside and leads_on(kind, name):
                yield f"{kind.name}.{name}", f"{path}.{key}"
            elif not _is_refused(kind, name):
                yield from _below(document, kind.fields[name], merged, f"{path}.{key}", is_stored=is_inside)


def _collected(document: DocumentContext, kind: GraphQLObjectType, nodes: list[Any]) -> dict[str, list[FieldNode]]:
    """Return the fields that the nodes select of an object, or none where a directive has no value: then the executor answers null for the object."""
    try:
        return collect(document, kind, selections_of(nodes))
    except GraphQLError:
        return {}


def _is_refused(kind: GraphQLObjectType, name: str) -> bool:
    """Return whether callers without the scope get nothing of a field: an error, or for the customer of a payload null."""
    permission, declared = permission_of(kind, name), _declared(kind.fields[name])
    is_null = declared is not None and getattr(declared.metadata.get(DECLARATION), "key", None) == READABLE_CUSTOMER
    return is_null or (permission is not None and permission.scope == READ.scope)


def _declared(definition: GraphQLField) -> Any:
    return definition.extensions.get(DEFINITION)


def _row_type(definition: GraphQLField) -> Any:
    """Return the type of the objects of a field; of a connection that of its nodes."""
    named: Any = get_named_type(definition.type)
    nodes = named.fields.get("nodes") if is_object_type(named) and named.name.endswith("Connection") else None
    return get_named_type(nodes.type) if nodes else named


def _kinds(schema: GraphQLSchema, named: Any) -> tuple[GraphQLObjectType, ...]:
    """Return the object types of a type: itself, or those that an interface or a union may be."""
    if is_abstract_type(named):
        return tuple(schema.get_possible_types(named))
    return (named,) if is_object_type(named) else ()


def _variables(schema: GraphQLSchema, operation: OperationDefinitionNode, inputs: Mapping[str, Any]) -> VariableValues | None:
    values = get_variable_values(schema, operation.variable_definitions or (), dict(inputs), max_errors=1, hide_suggestions=True)
    return values if isinstance(values, VariableValues) else None
