"""Answers with their revisions: what a caller has, compared with what they would get, at any instant."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type, is_required_argument

from gateway.documents.document_cache import DocumentCache
from gateway.http.graphql.execution import run_planned
from gateway.http.graphql.revisions import ConditionalRequest, seed_of
from gateway.http.requests import GraphQLRequest
from loaders.revisions import revision_loader
from schema.declarations.fields import DECLARATION, DEFINITION, Derived, PageOf, permission_of
from tests.lifecycle.conftest import Life

# What is not covered by revisions, or is for staff.
LEFT_OUT = {"events", "downloadUrl", "calendarUrl", "calendarLink", "customer", "redeemedCount", "cursor"}
DEPTH = 2
# Columns with instants at which an answer may change, apart from the beginning of a day; `at` of each is selected for one customer.
INSTANTS = """
select at from (select uploaded_at + interval '1 hour' as at from attachment where customer_id = $1
      union select promise_until from invoice where customer_id = $1
      union select collect_at from invoice where customer_id = $1
      union select period_ends_at from subscription where customer_id = $1
      union select resumes_at from subscription where customer_id = $1
      union select renews_at from subscription where customer_id = $1
      union select expires_at from data_export where customer_id = $1
      union select (cast(cast($2 as timestamptz) at time zone time_zone as date) + n.days + n.hour) at time zone time_zone from customer
             cross join (values (0, time '00:00'), (1, time '00:00'), (0, time '09:00')) n (days, hour) where id = $1) i
 where at is not null and at between cast($2 as timestamptz) - interval '40 days' and cast($2 as timestamptz) + interval '40 days' order by at"""


def everything(schema: GraphQLSchema, kind: GraphQLObjectType, depth: int = DEPTH) -> str:
    """Return a selection of what revisions cover of a type, and of the types below it."""
    parts = []
    for name, item in kind.fields.items():
        named, definition = get_named_type(item.type), item.extensions.get(DEFINITION)
        declaration = definition.metadata.get(DECLARATION) if definition else None
        has_links = isinstance(declaration, Derived) and not {"links", "budget"}.isdisjoint(declaration.about_call)
        if name in LEFT_OUT or has_links or permission_of(kind, name) or any(is_required_argument(argument) for argument in item.args.values()):
            continue
        if is_leaf_type(named):
            parts.append(name)
        elif isinstance(named, GraphQLObjectType) and depth and (inner := _below(schema, named, declaration, depth)):
            parts.append(f"{name}{'(first: 9)' if isinstance(declaration, PageOf) else ''} {{ {inner} }}")
    return " ".join(parts)


def _below(schema: GraphQLSchema, named: GraphQLObjectType, declaration: Any, depth: int) -> str:
    if not isinstance(declaration, PageOf):
        return everything(schema, named, depth - 1)
    node = get_named_type(named.fields["nodes"].type)
    assert isinstance(node, GraphQLObjectType)
    return f"totalCount nodes {{ {everything(schema, node, depth - 1)} }}"


def whole_documents(schema: GraphQLSchema) -> dict[str, str]:
    """Return a document for each field of Customer, with everything below it that revisions cover."""
    customer = schema.type_map["Customer"]
    assert isinstance(customer, GraphQLObjectType)
    documents = {}
    for name, item in customer.fields.items():
        definition = item.extensions.get(DEFINITION)
        only = GraphQLObjectType("Customer", {name: item})
        if (selection := everything(schema, only)) and definition is not None and not is_leaf_type(get_named_type(item.type)):
            documents[f"whole {name}"] = f"query {{ customer {{ {selection} }} }}"
    return documents


@dataclass
class Answers:
    """The answers that a customer has had, by document and ETag. `chance` chooses."""

    life: Life
    documents: DocumentCache
    texts: dict[str, str]
    chance: Random
    log: list[str]
    bodies: dict[str, dict[str, bytes]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    async def compare(self, now: datetime) -> None:
        """Compare what each earlier ETag says at an instant with the whole answer. Then the same request again must not make the answer."""
        for name in self.chance.sample(sorted(self.texts), min(len(self.texts), 2)):
            for variables in await self._variables(name):
                full, _, _ = await self._answer(name, variables, now, tags=None)
                known = self.bodies.setdefault(f"{name} {variables}", {})
                body, tag, is_unchanged = await self._answer(name, variables, now, tags=list(known))
                if is_unchanged:
                    self.counts["unchanged"] += 1
                    assert tag is not None
                    self._assert_equal(known[tag], full, name, variables, now)
                    continue
                self._assert_equal(body, full, name, variables, now)
                if tag is None:
                    self.counts["without"] += 1
                    continue
                self.counts["changed" if known else "first"] += 1
                self._assert_equal(known.setdefault(tag, full or b""), full, name, variables, now)
                body, again, is_unchanged = await self._answer(name, variables, now, tags=["x", tag])
                assert (is_unchanged, again, body) == (True, tag, b""), "an answer is not made again while nothing changes"

    def _assert_equal(self, body: bytes | None, full: bytes | None, *about: object) -> None:
        """Assert that two bodies are equal, without the comparison by pytest, which takes minutes for long ones."""
        if body != full:
            raise AssertionError(f"{about} after {self.log[-5:]}")

    async def instants(self) -> list[datetime]:
        """Return the present, and some instants at which time may change an answer, each with those just before and after it."""
        rows = await self.life.admin.fetch(INSTANTS, self.life.customer_id, self.life.now)
        chosen = self.chance.sample([row["at"] for row in rows], min(len(rows), 1))
        around = [at + timedelta(microseconds=step) for at in chosen for step in (-1, 0, 1)]
        return [self.life.now, *around, self.life.now]

    async def _variables(self, name: str) -> list[dict[str, Any]]:
        table = {"Invoice": "invoice", "Subscription": "subscription", "PaymentSchedule": "payment_schedule"}.get(name)
        if table is None:
            return [{}]
        rows = await self.life.rows(table)
        return [{"id": row["id"]} for row in self.chance.sample(rows, min(len(rows), 2))]

    async def _answer(self, name: str, variables: dict[str, Any], now: datetime, *, tags: list[str] | None) -> tuple[bytes | None, str | None, bool]:
        document = self.documents.prepare(self.texts[name])
        assert not document.errors, document.errors
        operation = document.operation(None)
        assert operation is not None
        context = replace(self.life, now=now).context()
        seed = seed_of(context, document.digest, repr(sorted(variables.items())))
        texts = [tag.removeprefix("W/") for tag in tags or ()]
        conditional = None if tags is None else ConditionalRequest(context, revision_loader(self.life.database, acquire_seconds=20), seed, texts)
        try:
            body = await run_planned(document, operation, GraphQLRequest(self.texts[name], variables, None, True), context, conditional=conditional)
        finally:
            await context.session.close()
        assert body is not None, name
        return (body, conditional.tag, conditional.is_unchanged) if conditional else (body, None, False)
