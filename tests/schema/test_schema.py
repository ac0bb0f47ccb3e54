"""The printed schema is current, complete, and can be read back."""

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    build_client_schema,
    build_schema,
    get_named_type,
    introspection_from_schema,
    is_non_null_type,
    is_specified_scalar_type,
    parse,
    print_schema,
    validate,
)
from graphql.type import is_enum_type, is_input_object_type, is_interface_type, is_object_type

import schema
from billing.states import Actor
from gateway.documents.document_cache import first_party, first_party_actions, of_staff, validate_document
from gateway.documents.limits import DocumentLimits
from planner.fields import root_names
from schema.declarations.fields import DECLARATION, PageOf, permission_of
from schema.declarations.roots import Root

DOCUMENTS = first_party() | first_party_actions()

# A root field that tells of the caller's own sessions: staff have none.
OF_CUSTOMERS = {"sessions"}

# What only staff do has no place in the portal.
OF_STAFF = {
    "checkDocuments",
    "deprecateDocuments",
    "publishDocuments",
    "retireDocuments",
    "holdSubscription",
    "releaseSubscription",
    "createInvoice",
    "voidInvoice",
    "writeOffInvoice",
    "creditInvoice",
    "refundPayment",
    "recordPayment",
    "adjustBalance",
    "retryNow",
    "extendDueDate",
    "promiseToPay",
    "openItems",
    "openItemTotals",
    "metrics",
    "previewCreateInvoice",
    "previewCreditInvoice",
    "previewRefundPayment",
    "previewRecordPayment",
    "previewHoldSubscription",
    "previewReleaseSubscription",
    "createPortalLink",
    *(f"{action}{kind}" for action in ("save", "archive") for kind in ("Plan", "Price", "Coupon", "CancellationOption")),
    "createPaymentSchedule",
    "updateInstallments",
    "cancelPaymentSchedule",
    "saveCustomer",
    "inviteCustomer",
    "closeCustomer",
    "reopenCustomer",
    "exportCustomer",
    "eraseCustomer",
    "releaseImported",
    "saveWebhookEndpoint",
    "deleteWebhookEndpoint",
    "rotateWebhookSecret",
    "pingWebhookEndpoint",
    "redeliver",
    "replayEvents",
    "dryRunWebhook",
    "webhookEndpoints",
}


def test_the_printed_schema_is_the_one_in_the_repository(graphql_schema: GraphQLSchema, root) -> None:
    assert (root / "schema.graphql").read_text() == schema.print_sdl(graphql_schema)


def test_the_printed_schema_names_its_roots_and_rebuilds_with_the_same_ones(graphql_schema: GraphQLSchema) -> None:
    text = schema.print_sdl(graphql_schema)
    rebuilt = build_schema(text)
    assert text.startswith("schema {\n  query: Query\n")
    assert rebuilt.query_type.name == "Query"
    assert roots(rebuilt) == roots(graphql_schema) == ["Query", "Mutation", "Live"]
    assert isinstance(rebuilt.get_type("Subscription"), GraphQLObjectType)
    assert sorted(rebuilt.type_map) == sorted(graphql_schema.type_map)


def test_the_sdl_printed_from_introspection_has_the_same_roots(graphql_schema: GraphQLSchema) -> None:
    introspected = build_client_schema(introspection_from_schema(graphql_schema))
    assert roots(introspected) == roots(build_schema(print_schema(introspected))) == roots(graphql_schema)


def roots(built: GraphQLSchema) -> list[str]:
    return [root.name for root in (built.query_type, built.mutation_type, built.subscription_type) if root]


def described_elements(graphql_schema: GraphQLSchema):
    for name, kind in graphql_schema.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Boolean", "ID", "Float"):
            continue
        yield name, kind
        if is_enum_type(kind):
            yield from ((f"{name}.{value}", item) for value, item in kind.values.items())
        if is_object_type(kind) or is_interface_type(kind) or is_input_object_type(kind):
            for field, item in kind.fields.items():
                yield f"{name}.{field}", item
                yield from ((f"{name}.{field}({argument})", argument_type) for argument, argument_type in getattr(item, "args", {}).items())


def test_every_type_field_argument_and_value_is_described(graphql_schema: GraphQLSchema) -> None:
    elements = dict(described_elements(graphql_schema))
    assert len(elements) > 400
    assert [name for name, item in elements.items() if not item.description] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_first_party_document_is_valid_and_bears_the_name_of_its_operation(graphql_schema: GraphQLSchema, name: str) -> None:
    document = parse(DOCUMENTS[name])
    assert validate(graphql_schema, document) == []
    assert document.definitions[0].name.value == name


def test_the_portal_has_a_document_for_every_action_and_preview_of_a_customer(graphql_schema: GraphQLSchema) -> None:
    assert graphql_schema.mutation_type
    assert graphql_schema.query_type
    actions = set(graphql_schema.mutation_type.fields) | {name for name in graphql_schema.query_type.fields if name.startswith("preview")}
    assert {name[0].upper() + name[1:] for name in actions - OF_STAFF} <= set(first_party_actions())


def test_staff_have_a_document_for_every_root_field_that_they_may_use_and_for_no_other(graphql_schema: GraphQLSchema) -> None:
    """Where only documents may be sent, what is in none of them is out of reach. Staff send the portal's documents for what customers do, too."""
    roots = [root for root in (graphql_schema.query_type, graphql_schema.mutation_type) if root]
    permissions = {name: permission_of(root, name) for root in roots for name in root.fields}
    # What declares no permission is for every token, and what needs no token is for whoever signs in.
    theirs = {
        name for name, permission in permissions.items() if permission is None or (Actor.STAFF in permission.kinds and Actor.ANONYMOUS not in permission.kinds)
    }
    reached: set[str] = set()
    for text in of_staff().values():
        for operation in parse(text).definitions:
            reached |= set(root_names(operation, {})) if operation.kind == "operation_definition" else set()
    assert reached <= theirs - OF_CUSTOMERS
    of_portal = {name[0].lower() + name[1:] for name in first_party_actions()}
    assert reached | (theirs & of_portal) == theirs - OF_CUSTOMERS


@pytest.mark.parametrize("name", of_staff())
def test_every_document_of_staff_bears_its_name_says_what_it_is_for_and_is_within_the_limits(graphql_schema: GraphQLSchema, name: str) -> None:
    text = of_staff()[name]
    judged = validate_document(graphql_schema, DocumentLimits(), text)
    assert (judged.names, judged.errors) == ((name,), ())
    assert text.startswith("# For staff: ")
    assert text not in DOCUMENTS.values()


PAGE_ARGUMENTS = {"first", "after", "last", "before", "sort", "filter"}


def test_every_order_that_a_page_offers_is_an_order_of_its_block(graphql_schema: GraphQLSchema) -> None:
    pages = [
        (f"{kind.name}.{name}", item)
        for kind in graphql_schema.type_map.values()
        if is_object_type(kind) and not kind.name.startswith("__")
        for name, item in kind.fields.items()
        if isinstance(item.extensions["strawberry-definition"].metadata.get(DECLARATION), PageOf)
    ]
    assert len(pages) > 15
    for name, item in pages:
        declared = item.extensions["strawberry-definition"].metadata[DECLARATION]
        orders = item.args["sort"].type.values.values() if "sort" in item.args else ()
        offered = {value.value.value if hasattr(value.value, "value") else value.value for value in orders}
        assert offered <= set(declared.block.orders), name


def test_a_filter_has_the_parameters_of_every_block_it_is_used_for(graphql_schema: GraphQLSchema) -> None:
    for kind in graphql_schema.type_map.values():
        if not is_object_type(kind) or kind.name.startswith("__"):
            continue
        for name, item in kind.fields.items():
            declared = item.extensions["strawberry-definition"].metadata.get(DECLARATION)
            if not isinstance(declared, PageOf):
                continue
            taken = item.args["filter"].type.fields.values() if "filter" in item.args else ()
            arguments = [argument for name, argument in item.args.items() if name not in PAGE_ARGUMENTS]
            names = {field.extensions["strawberry-definition"].python_name for field in (*taken, *arguments)}
            assert names == declared.block.parameters - {"key", "customer_id"}, f"{kind.name}.{name}"


def test_the_roots_that_need_more_than_a_declaration_are_known_by_name(graphql_schema: GraphQLSchema) -> None:
    declared = [item.extensions["strawberry-definition"].metadata.get(DECLARATION) for item in graphql_schema.query_type.fields.values()]
    assert {item.name for item in declared if isinstance(item, Root)} == {"customer", "customers", "node", "nodes"}


# Its key gives the same form of the processor again, and stores no answer that could be replayed.
WITHOUT_REPLAY = {"startAddPaymentMethod"}


def test_replayed_is_on_the_payloads_of_mutations_with_a_key(graphql_schema: GraphQLSchema) -> None:
    assert graphql_schema.mutation_type
    fields = graphql_schema.mutation_type.fields
    with_key = {name for name, field in fields.items() if "input" in field.args and "idempotencyKey" in get_named_type(field.args["input"].type).fields}
    assert {name for name, field in fields.items() if "replayed" in get_named_type(field.type).fields} == with_key - WITHOUT_REPLAY


# Mutations about no customer, or without one who may still read: signed in before or after it, or the catalog and documents of apps.
WITHOUT_CUSTOMER = {
    "signIn", "refreshSession", "redeemPortalLink", "signOut", "signOutEverywhere", "confirmEmailChange", "requestPasswordReset", "resetPassword",
    "createPortalLink", "savePlan", "savePrice", "saveCoupon", "saveCancellationOption", "archivePlan", "archivePrice", "archiveCoupon",
    "archiveCancellationOption", "publishDocuments", "checkDocuments", "deprecateDocuments", "retireDocuments",
    "saveWebhookEndpoint", "deleteWebhookEndpoint", "rotateWebhookSecret", "pingWebhookEndpoint", "redeliver", "replayEvents", "dryRunWebhook",
}  # fmt: skip


def test_every_payload_about_a_customer_has_the_customer(graphql_schema: GraphQLSchema) -> None:
    assert graphql_schema.mutation_type
    fields = graphql_schema.mutation_type.fields
    without = {name for name, field in fields.items() if "customer" not in get_named_type(field.type).fields}
    assert without == WITHOUT_CUSTOMER


def test_every_scalar_says_where_it_is_specified(graphql_schema: GraphQLSchema) -> None:
    scalars = [kind for name, kind in graphql_schema.type_map.items() if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind)]
    assert len(scalars) > 5
    assert [kind.name for kind in scalars if not (kind.specified_by_url or "").startswith("https://")] == []


def test_no_argument_with_a_default_is_required(graphql_schema: GraphQLSchema) -> None:
    """Generators of code that do not know of defaults would demand it."""
    roots = [kind for kind in graphql_schema.type_map.values() if is_object_type(kind) and not kind.name.startswith("__")]
    arguments = {f"{kind.name}.{name}.{key}": item for kind in roots for name, field in kind.fields.items() for key, item in field.args.items()}
    assert len(arguments) > 100
    assert [name for name, item in arguments.items() if is_non_null_type(item.type) and item.default_value is not Undefined] == []


def test_every_connection_may_be_null_alone(graphql_schema: GraphQLSchema) -> None:
    """A refused argument nulls the connection, and not what stands around it."""
    fields = {f"{kind.name}.{name}": field for kind in graphql_schema.type_map.values() if is_object_type(kind) for name, field in kind.fields.items()}
    connections = {name: field for name, field in fields.items() if get_named_type(field.type).name.endswith("Connection")}
    assert len(connections) > 20
    assert [name for name, field in connections.items() if is_non_null_type(field.type)] == []


def test_every_field_that_may_be_refused_may_be_null_alone(graphql_schema: GraphQLSchema) -> None:
    """A refused field that may not be null takes the answers of the fields beside it. A subscription has one field."""
    roots = (graphql_schema.mutation_type, graphql_schema.subscription_type)
    kinds = [kind for kind in graphql_schema.type_map.values() if is_object_type(kind) and kind not in roots]
    guarded = {
        f"{kind.name}.{name}": field for kind in kinds for name, field in kind.fields.items() if not kind.name.startswith("__") and permission_of(kind, name)
    }
    assert "Query.openItemTotals" in guarded
    assert [name for name, field in guarded.items() if is_non_null_type(field.type)] == []
