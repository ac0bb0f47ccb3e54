"""What an operation leads to is judged for callers without the scope `read` before it runs: every relation of the schema, however the document selects it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
    parse,
)

from auth.permissions import ANYBODY, READ, Permission
from auth.viewer import Viewer
from billing.refusals import Forbidden
from billing.states import Actor
from gateway.documents.document_cache import DocumentCache, first_party, first_party_actions, first_party_streams, of_staff
from gateway.documents.reading_scope import OWN_TYPES, READING, RELATIONS, DocumentReach, leads_on, stored_types
from schema.declarations.fields import DECLARATION, DEFINITION, permission_of
from tests.conftest import ADA, ROOM, STAFF

PAYER = replace(ADA, kind=Actor.PARTNER, scopes=("payments:write",))

# The relations of stored objects that callers without the scope follow. Every other one is refused to them.
FOLLOWED = {
    "Subscription": {"plan", "price", "appliedCoupon", "cancellationOptions"},
    "AppliedCoupon": {"coupon"},
    "CancellationOption": {"price"},
    "Plan": {"prices"},
    "Price": {"plan"},
    "CatalogCancellationOption": {"plan", "coupon"},
    "Invoice": {"billedTo", "issuer", "taxes", "lines", "installments"},
    "CreditNote": {"billedTo", "issuer", "taxes", "lines"},
    "Payment": {"allocations"},
    "PaymentAllocation": {"installment"},
    "PaymentSchedule": {"nextInstallment", "installments"},
    "WebhookEndpoint": {"deliveries"},
    "WebhookDelivery": {"attempts"},
}
# Besides payloads, the values with objects: parts of previews and of a subscription, and the caller.
VALUES = {"CreditInvoicePreview", "MoneyPart", "PendingChange", "PreviewCreditNote", "Viewer"}

# The shipped documents of mutations that need `read` beside their own scope, with what they select first.
PAGES_OF_ACTIONS = {
    "ConfirmPayment": "PaymentAllocation.invoice",
    "DeletePaymentMethod": "Subscription.paymentMethod",
    "PayInstallment": "Installment.schedule",
    "PayInvoice": "Invoice.subscription",
    **dict.fromkeys(("CompleteAttachmentUploads", "DeleteAttachment", "UploadAttachments"), "PaymentSchedule.attachments"),
    **dict.fromkeys(
        ("AddPlan", "ApplyCoupon", "CancelSubscription", "ChangePlan", "PauseSubscription", "RemoveCoupon", "ResumeSubscription", "SuspendSubscription"),
        "Subscription.paymentMethod",
    ),
    **dict.fromkeys(("UpdateQuantity", "WithdrawPendingChange"), "Subscription.paymentMethod"),
}
OF_STAFF = {
    "RecordPayment": "PaymentAllocation.invoice",
    **dict.fromkeys(("CancelPaymentSchedule", "CreatePaymentSchedule", "UpdateInstallments"), "Installment.invoice"),
}


@dataclass(frozen=True)
class Entry:
    """A root field that is not for callers who read, and not for everybody."""

    operation: str
    name: str
    permission: Permission | None
    kind: Any

    @property
    def viewer(self) -> Viewer:
        """A caller who may call the field and nothing else."""
        if self.permission is None:
            return replace(ADA, scopes=("payments:write",))
        return replace(STAFF if Actor.STAFF in self.permission.kinds else ADA, scopes=(self.permission.scope,))


@dataclass(frozen=True)
class Way:
    """The fields from a root to a field, with the types of the objects between them."""

    coordinate: str
    steps: tuple[str, ...]
    is_refused: bool
    is_relation: bool

    def text(self, entry: Entry) -> str:
        """Return a document that selects the way. Arguments are left out: the rule does not look at them."""
        inner = self.steps[-1] if self.coordinate == "Customer.calendarUrl" else f"{self.steps[-1]} {{ __typename }}"
        for step in reversed(self.steps[:-1]):
            inner = f"{step} {{ {inner} }}"
        return f"{entry.operation} {{ {entry.name} {{ {inner} }} }}"

    def path(self, entry: Entry) -> str:
        return ".".join([entry.name, *(step for step in self.steps if not step.startswith("..."))])


def entries(schema: GraphQLSchema) -> list[Entry]:
    return [
        Entry(kind.value, name, permission, get_named_type(field.type))
        for kind in OperationType
        if (root := schema.get_root_type(kind))
        for name, field in root.fields.items()
        for permission in [permission_of(root, name)]
        if permission is None or (permission is not ANYBODY and permission.scope not in READING)
    ]


def kinds_of(schema: GraphQLSchema, named: Any) -> list[GraphQLObjectType]:
    return list(schema.get_possible_types(named)) if is_abstract_type(named) else [named] if is_object_type(named) else []


def is_withheld(kind: GraphQLObjectType, name: str) -> bool:
    """Return whether a caller without the scope gets an error or null for the field, and so nothing below it."""
    permission, declared = permission_of(kind, name), kind.fields[name].extensions[DEFINITION].metadata.get(DECLARATION)
    return permission is READ or getattr(declared, "key", None) == "readable_customer_id"


def ways(schema: GraphQLSchema, entry: Entry) -> Iterator[Way]:
    """Yield the shortest way from a root field to each field that has an object or is refused."""
    pending: list[tuple[GraphQLObjectType, tuple[str, ...], bool]] = [(kind, (), False) for kind in kinds_of(schema, entry.kind)]
    seen = {kind.name for kind, *_ in pending}
    while pending:
        kind, steps, is_inside = pending.pop(0)
        is_inside = is_inside or kind.name in stored_types(schema)
        for name, field in kind.fields.items():
            is_refused = is_inside and leads_on(kind, name)
            if not is_refused and is_leaf_type(get_named_type(field.type)):
                continue
            way = (*steps, f"... on {kind.name}", name)
            yield Way(f"{kind.name}.{name}", way, is_refused, isinstance(field.extensions[DEFINITION].metadata.get(DECLARATION), RELATIONS))
            following = (
                [] if is_refused or is_withheld(kind, name) else [each for each in kinds_of(schema, get_named_type(field.type)) if each.name not in seen]
            )
            seen |= {each.name for each in following}
            pending += [(each, way, is_inside) for each in following]


@pytest.fixture
def documents(graphql_schema: GraphQLSchema) -> DocumentCache:
    return DocumentCache(graphql_schema, None, ROOM)


def refusal(documents: DocumentCache, text: str, viewer: Viewer = PAYER, name: str | None = None, **variables: Any) -> str | None:
    """Return the message with which an operation is refused to a viewer, without what the token has; None if it is not refused."""
    document = documents.prepare(text)
    assert not document.errors, document.errors
    operation = document.operation(name)
    assert operation is not None
    try:
        documents.check(document, operation, variables, viewer)
    except Forbidden as error:
        return str(error).partition(". The token has")[0]
    return None


def test_every_relation_that_needs_no_scope_is_written_down(graphql_schema: GraphQLSchema) -> None:
    """A new relation is refused, or it has to stand here."""
    everything = {way for entry in entries(graphql_schema) for way in ways(graphql_schema, entry)}
    followed = {way.coordinate for way in everything if way.is_relation and not way.is_refused}
    stored = stored_types(graphql_schema)
    assert {name for name in followed if name.partition(".")[0] in stored} == {f"{kind}.{name}" for kind, names in FOLLOWED.items() for name in names}
    assert {kind for name in followed if not (kind := name.partition(".")[0]).endswith("Payload") and kind not in stored} == VALUES
    refused = {way.coordinate for way in everything if way.is_refused}
    assert len(refused) > 40
    assert refused >= {
        "Invoice.customer",
        "Customer.events",
        "Customer.summary",
        "Attachment.parent",
        "Plan.subscriptions",
        "Customer.statement",
        "Customer.calendarUrl",
    }
    assert stored >= OWN_TYPES


def test_each_way_from_each_root_field_is_refused_where_it_leads_on_and_else_not(graphql_schema: GraphQLSchema) -> None:
    counts = {True: 0, False: 0}
    for entry in entries(graphql_schema):
        scope = "`read`, `customers:read` or `staff`" if entry.viewer.is_staff else "`read` or `portal`"
        for way in ways(graphql_schema, entry):
            ast = parse(way.text(entry))
            (operation,) = (node for node in ast.definitions if isinstance(node, OperationDefinitionNode))
            reach, message = DocumentReach(graphql_schema, ast), None
            try:
                reach.check(operation, {}, entry.viewer)
            except Forbidden as error:
                message = str(error)
            expected = f"{way.coordinate} at {way.path(entry)} needs the scope {scope}. The token has: {' '.join(entry.viewer.scopes)}."
            assert message == (expected if way.is_refused else None), way.text(entry)
            reach.check(operation, {}, replace(entry.viewer, scopes=(*entry.viewer.scopes, "read")))
            counts[way.is_refused] += 1
    assert counts[True] > 500
    assert counts[False] > 500


PAYING = "Invoice.subscription at payInvoice.invoice.subscription needs the scope `read`"
SELECTIONS = {
    "a field": ("payInvoice(input: $input) { invoice { subscription { id } } }", PAYING),
    "by an alias": ("a: payInvoice(input: $input) { b: invoice { c: subscription { id } } }", "Invoice.subscription at a.b.c needs the scope `read`"),
    "in a fragment": (
        "payInvoice(input: $input) { ...A } } fragment A on PayInvoicePayload { invoice { ...B } } fragment B on Invoice { subscription { id }",
        PAYING,
    ),
    "in fragments of the root, inline and of an interface": (
        "...R } fragment R on Mutation { ... { payInvoice(input: $input) { ... on PayInvoicePayload { invoice { ... on Node { ... on Invoice { ...B } } } } } } } "
        "fragment B on Invoice { subscription { id }",
        PAYING,
    ),
    "merged with another node of the key": (
        "payInvoice(input: $input) { invoice { id } } payInvoice(input: $input) { invoice { subscription { id } } }",
        PAYING,
    ),
    "in the second root field": (
        "a: payInvoice(input: $input) { invoice { id } } b: payInvoice(input: $input) { invoice { subscription { id } } }",
        "Invoice.subscription at b.invoice.subscription needs the scope `read`",
    ),
    "of a page": (
        "payInvoice(input: $input) { invoice { lines(first: 1) { edges { node { invoice { id } } } } } }",
        "InvoiceLine.invoice at payInvoice.invoice.lines.edges.node.invoice needs the scope `read`",
    ),
    "own members": (
        "payInvoice(input: $input) { userErrors { code } payment { id allocations { amount { amount } } } invoice { id total { amount } lines(first: 1) { nodes { id } } } }",
        None,
    ),
    "the customer of a payload, who is null": (
        'payInvoice(input: $input) { customer { calendarUrl statement(currency: "EUR", startsOn: "2026-01-01", endsOn: "2026-01-31") { pdfUrl } summary { id } } }',
        None,
    ),
    "beside a root field for everybody": (
        'payInvoice(input: $input) { invoice { id } } refreshSession(input: {refreshToken: "x"}) { tokens { customer { summary { lastPayment { customer { id } } } } } }',
        None,
    ),
    "below a root field that is refused itself": (
        'payInvoice(input: $input) { invoice { id } } voidInvoice(input: {invoiceId: "x", idempotencyKey: "x"}) { invoice { subscription { id } } }',
        None,
    ),
}


@pytest.mark.parametrize(("text", "message"), SELECTIONS.values(), ids=SELECTIONS)
def test_however_it_is_selected(documents: DocumentCache, text: str, message: str | None) -> None:
    text = f"mutation ($input: PayInvoiceInput!) {{ {text} }}"
    assert refusal(documents, text) == message
    assert refusal(documents, text, replace(PAYER, scopes=("payments:write", "read"))) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{ plans(first: 1) { nodes { prices { plan { subscriptions { totalCount } } } } } }",
            "Plan.subscriptions at plans.nodes.prices.plan.subscriptions needs the scope `read`",
        ),
        ("{ plans(first: 1) { nodes { id prices { id plan { name } } } } }", None),
        ("{ viewer { kind customer { invoices(first: 1) { totalCount } } } }", None),
        ("{ customer { invoices(first: 1) { nodes { subscription { id } } } } }", None),
        ("subscription { events { customer { summary { id } } } }", None),
    ],
    ids=[
        "what is sold leads to subscriptions",
        "what is sold",
        "the caller's customer, who is refused alone",
        "a root field for readers",
        "a stream for readers",
    ],
)
def test_queries_are_judged_too(documents: DocumentCache, text: str, message: str | None) -> None:
    assert refusal(documents, text) == message


ATTACHED = "mutation ($id: ID!) { deleteAttachment(input: {attachmentId: $id}) { parent { __typename %s } } }"


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("... on Invoice { number total { amount } } ... on PaymentSchedule { name }", None),
        (
            "attachments(first: 1) { totalCount }",
            "PaymentSchedule.attachments at deleteAttachment.parent.attachments needs the scope `read`, `customers:read` or `staff`",
        ),
        (
            "... on Invoice { number payments(first: 1) { totalCount } }",
            "Invoice.payments at deleteAttachment.parent.payments needs the scope `read`, `customers:read` or `staff`",
        ),
        (
            "... on Node { ... on PaymentSchedule { invoices(first: 1) { totalCount } } }",
            "PaymentSchedule.invoices at deleteAttachment.parent.invoices needs the scope `read`, `customers:read` or `staff`",
        ),
    ],
)
def test_of_an_interface_each_type_is_judged(documents: DocumentCache, selection: str, message: str | None) -> None:
    assert refusal(documents, ATTACHED % selection, replace(STAFF, scopes=("attachments:write",))) == message


def test_what_a_root_field_for_everybody_leads_to_is_the_callers_who_has_proved_it(documents: DocumentCache) -> None:
    text = 'mutation { refreshSession(input: {refreshToken: "x"}) { tokens { customer { summary { lastPayment { customer { id } } } } } } }'
    for scopes in ((), ("profile:write",)):
        assert refusal(documents, text, replace(ADA, scopes=scopes)) is None


def test_only_the_operation_that_runs_counts(documents: DocumentCache) -> None:
    text = 'mutation A { a: updateProfile(input: {name: "A"}) { customer { name } } } mutation B { updateProfile(input: {name: "B"}) { customer { summary { id } } } }'
    viewer = replace(ADA, scopes=("profile:write",))
    assert refusal(documents, text, viewer, "A") is None
    assert refusal(documents, text, viewer, "B") == "Customer.summary at updateProfile.customer.summary needs the scope `read` or `portal`"


DIRECTED = (
    'mutation M($a: Boolean!, $b: Boolean = false) { updateProfile(input: {name: "A"}) { customer { id ...F @skip(if: $a) } } } '
    "fragment F on Customer { summary @include(if: $b) { id } }"
)


@pytest.mark.parametrize(
    ("variables", "is_refused"),
    [({"a": False, "b": True}, True), ({"a": False}, False), ({"a": True, "b": True}, False), ({"b": True}, False), ({"a": False, "b": None}, False)],
    ids=["selected", "not included", "skipped", "refused variables", "a null"],
)
def test_what_variables_exclude_is_not_selected(documents: DocumentCache, variables: dict[str, Any], is_refused: bool) -> None:
    """Variables that the executor refuses, or a directive without a value, have no answer of the object."""
    viewer = replace(ADA, scopes=("profile:write",))
    for _ in range(2):
        assert (refusal(documents, DIRECTED, viewer, **variables) is not None) is is_refused


@pytest.mark.parametrize(("directive", "is_refused"), [("@skip(if: true)", False), ("@skip(if: false)", True), ("@include(if: false)", False), ("", True)])
def test_what_a_literal_excludes_is_not_selected(documents: DocumentCache, directive: str, is_refused: bool) -> None:
    text = f'mutation {{ updateProfile(input: {{name: "A"}}) {{ customer {{ id summary {directive} {{ id }} }} }} }}'
    assert (refusal(documents, text, replace(ADA, scopes=("profile:write",))) is not None) is is_refused


def test_a_variable_of_a_directive_may_be_another_operations_input(documents: DocumentCache) -> None:
    text = "query A($x: Boolean!) { viewer { kind @skip(if: $x) } } mutation B($x: UpdateProfileInput!) { updateProfile(input: $x) { customer { summary { id } } } }"
    message = refusal(documents, text, replace(ADA, scopes=("profile:write",)), "B", x={"name": "A"})
    assert message == "Customer.summary at updateProfile.customer.summary needs the scope `read` or `portal`"


def test_a_caller_who_reads_costs_one_look_and_others_one_walk_for_each_operation(documents: DocumentCache) -> None:
    document = documents.prepare(DIRECTED)
    assert document.reach is not None
    assert refusal(documents, DIRECTED, replace(ADA, scopes=("profile:write", "read")), a=False, b=True) is None
    assert document.reach.stored == {}
    walks = []
    for _ in range(3):
        assert refusal(documents, DIRECTED, replace(ADA, scopes=("profile:write",)), a=False, b=True)
        walks += document.reach.stored.values()
    assert list(document.reach.stored) == [("M", False, True)]
    assert len({id(walk) for walk in walks}) == 1
    assert refusal(documents, DIRECTED, replace(ADA, scopes=("profile:write",)), a=True, b=True) is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(first_party() | first_party_streams(), {}), (first_party_actions(), PAGES_OF_ACTIONS), (of_staff(), OF_STAFF)],
    ids=["pages", "actions", "staff"],
)
def test_which_shipped_documents_need_the_scope_beside_their_own(graphql_schema: GraphQLSchema, texts: dict[str, str], expected: dict[str, str]) -> None:
    """Pages and actions of the portal are for customers, who may read; docs/staff.md names the documents of staff."""
    needing: dict[str, str] = {}
    for name, text in texts.items():
        reach = DocumentReach(graphql_schema, parse(text))
        operations = (node for node in reach.ast.definitions if isinstance(node, OperationDefinitionNode))
        coordinates = [leading.coordinate for operation in operations for leading in reach.leading(operation, {})]
        needing |= {name: coordinates[0]} if coordinates else {}
    assert needing == expected
