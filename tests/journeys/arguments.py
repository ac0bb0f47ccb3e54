"""Every field of the schema with arguments: a document that selects it, and valid arguments."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, get_nullable_type, is_leaf_type

from auth.permissions import Permission
from billing.states import Actor
from schema import build
from schema.declarations.fields import permission_of

SCHEMA = build()
# Needs a multipart request.
WITH_FILES = "uploadAttachments"
# What follows the prefix of an id.
TAIL = "01m829w97ne1msh76cygrhecz9"
# Selections from the roots that lead to each type with fields that have arguments.
ROOTS = (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
PLACES = {
    "Customer": ("customer",),
    "Money": ("customer", "subscriptions", "nodes", "renewalAmount"),
    "Plan": ("plans", "nodes"),
    "Subscription": ("customer", "subscriptions", "nodes"),
    "PaymentSchedule": ("customer", "paymentSchedules", "nodes"),
    "Installment": ("customer", "paymentSchedules", "nodes", "installments", "nodes"),
    "Invoice": ("customer", "invoices", "nodes"),
    "InvoiceCollection": ("customer", "invoices", "nodes", "collection"),
    "PaymentMethod": ("customer", "paymentMethods", "nodes"),
    "CreditNote": ("customer", "creditNotes", "nodes"),
}


@dataclass(frozen=True, eq=False)
class Case:
    """One field with arguments, selected below fields without arguments."""

    operation: str
    path: tuple[str, ...]
    definition: GraphQLField
    permission: Permission | None = None

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def text(self, *, is_staff: bool = False) -> str:
        """Return the document; each argument of the field is a variable."""
        needs_id = is_staff and self.path[0] == "customer" and len(self.path) > 1
        variables = [f"${name}: {argument.type}" for name, argument in self.definition.args.items()] + (["$owner: ID"] if needs_id else [])
        arguments = ", ".join(f"{name}: ${name}" for name in self.definition.args)
        inner = f"{self.path[-1]}{f'({arguments})' if arguments else ''}{selection(self.definition)}"
        for step in reversed(self.path[:-1]):
            inner = f"{step}{'(first: 3)' if step in ('subscriptions', 'invoices') else ''} {{ {inner} }}"
        inner = inner.replace("customer {", "customer(id: $owner) {", 1) if needs_id else inner
        named = f"({', '.join(variables)})" if variables else ""
        return f"{self.operation} F{named} {{ {inner} }}"

    def leaves(self) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """Return the paths in the variables where a hostile value may be put, with their types."""
        for name, argument in self.definition.args.items():
            yield from leaves_of((name,), argument.type)


def leaves_of(path: tuple[str | int, ...], kind: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, kind
    inner = get_nullable_type(kind)
    if isinstance(inner, GraphQLInputObjectType):
        for name, item in inner.fields.items():
            yield from leaves_of((*path, name), item.type)
    elif isinstance(inner, GraphQLList) and isinstance(get_named_type(inner), GraphQLInputObjectType):
        yield from leaves_of((*path, 0), inner.of_type)


def selection(item: GraphQLField, depth: int = 2) -> str:
    """Return a selection that makes the server resolve the field and its content."""
    named = get_named_type(item.type)
    if is_leaf_type(named):
        return ""
    if named.name.endswith("Connection"):
        return f" {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes{selection(named.fields['nodes'], 0)} }}"
    if not isinstance(named, GraphQLObjectType):
        return " { id __typename }"
    members = [name for name, inner in named.fields.items() if is_leaf_type(get_named_type(inner.type)) and not inner.args and is_for_customers(named, name)]
    below = [
        f"{name}{selection(inner, depth - 1)}"
        for name, inner in named.fields.items()
        if depth and not inner.args and isinstance(get_named_type(inner.type), GraphQLObjectType) and not get_named_type(inner.type).name.endswith("Connection")
    ]
    return f" {{ __typename {' '.join([*members, *below])} }}"


def is_for_customers(kind: GraphQLObjectType, name: str) -> bool:
    permission = permission_of(kind, name)
    return permission is None or Actor.CUSTOMER in permission.kinds


def root_fields() -> list[Case]:
    """Return all root fields except the upload of files."""
    cases = []
    for operation, kind in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert kind
        cases += [Case(operation, (name,), item, permission_of(kind, name)) for name, item in kind.fields.items() if name != WITH_FILES]
    return cases


def fields_with_arguments() -> list[Case]:
    """Return the root fields with arguments, and the fields with arguments below them."""
    cases = [case for case in root_fields() if case.definition.args]
    for name, kind in SCHEMA.type_map.items():
        # There is no webhook endpoint and no import, so nothing below one is reached.
        if isinstance(kind, GraphQLObjectType) and kind not in ROOTS and not name.startswith("__") and name not in ("WebhookEndpoint", "Imports"):
            cases += [Case("query", (*PLACES[name], each), item) for each, item in kind.fields.items() if item.args]
    return cases


def callers_of(case: Case) -> list[Actor | None]:
    if case.permission and not case.permission.kinds:
        return [None]
    kinds = case.permission.kinds if case.permission else {Actor.CUSTOMER, Actor.STAFF}
    return sorted(kinds & {Actor.CUSTOMER, Actor.STAFF})


def plausible_variables(case: Case, owner: dict[str, str]) -> dict[str, Any]:
    """Return valid variables of the field that refer to objects of the owner."""
    known = {
        **owner,
        "id": owner["customerId"] if case.path == ("customer",) else owner["subscriptionId"],
        # The callers of the other cases must stay able to call.
        "customerId": f"cus_{TAIL}" if case.path == ("closeCustomer",) else owner["customerId"],
        "ids": [owner["subscriptionId"], owner["invoiceId"]],
        "parentId": owner["invoiceId"],
        "attachmentIds": [owner["attachmentId"] or f"att_{TAIL}"],
    }
    return {name: plausible(argument.type, name, known) for name, argument in case.definition.args.items() if not is_left_out(argument.type, name)}


def is_left_out(kind: Any, name: str) -> bool:
    return not isinstance(kind, GraphQLNonNull) and name not in WITH_VALUE


# Nullable arguments that get a value.
WITH_VALUE = ("first", "name", "comment", "reason", "filter", "status", "search", "locale", "timeZone")


def plausible(kind: Any, name: str, known: dict[str, Any]) -> Any:
    """Return a value that the schema and the resolver accept."""
    inner = get_nullable_type(kind)
    if name in PLAUSIBLE:
        return PLAUSIBLE[name]() if callable(PLAUSIBLE[name]) else PLAUSIBLE[name]
    if name in known and known[name] is not None:
        return known[name]
    if isinstance(inner, GraphQLInputObjectType):
        return {each: plausible(item.type, each, known) for each, item in inner.fields.items() if not is_left_out(item.type, each)}
    if isinstance(inner, GraphQLList):
        return [plausible(inner.of_type, name, known)]
    if hasattr(inner, "values"):
        return next(iter(inner.values))
    return OF_SCALARS[inner.name]


# A valid value of each scalar.
OF_SCALARS: dict[str, Any] = {
    "ID": f"sub_{TAIL}",
    "String": "text",
    "Int": 2,
    "Boolean": True,
    "CurrencyCode": "USD",
    "Date": "2026-06-01",
    "DateTime": "2026-06-01T00:00:00Z",
    "Decimal": "1",
    "Metadata": {"crm": "1"},
}


PLAUSIBLE: dict[str, Any] = {
    "idempotencyKey": lambda: uuid4().hex,
    "startsOn": "2026-01-01",
    "endsOn": "2026-12-31",
    "first": 3,
    "email": lambda: f"{uuid4().hex}@example.net",
    "newEmail": lambda: f"{uuid4().hex}@example.net",
    "password": "a password that is long",
    "newPassword": "another password that is long",
    "currentPassword": "a password that is long",
    "fileName": "a.pdf",
    "contentType": "application/pdf",
    "sizeBytes": 100,
    "sha256": "f" * 64,
    "locale": "de-CH",
    "timeZone": "Europe/Zurich",
    "scopes": ["read"],
    "manifest": lambda: json.dumps({"sha256:9a5d2a4f0f2b4a2e0f7f6c1c2a8b3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e": "{ viewer { kind } }"}),
}


def as_json(value: Any) -> bytes:
    """Write JSON as Python does, with surrogates; a number beyond the range of floats is written as a number."""
    return re.sub(r"(?<=[:\[,] )Infinity", "1e400", json.dumps(value)).encode()


def put(variables: dict[str, Any], path: tuple[str | int, ...], value: Any) -> None:
    holder: Any = variables
    for step in path[:-1]:
        if isinstance(holder, dict) and step not in holder:
            holder[step] = {}
        holder = holder[step]
    holder[path[-1]] = value
