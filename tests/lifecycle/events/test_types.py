"""The types of events: the same in the database, in the schema and on the page; and the names of what changed are fields of the schema."""

import re
from pathlib import Path

import asyncpg
import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema

from billing.events import INTERNAL, EventType, changed_fields, field_of

MIGRATIONS = "db/migrations/versions"
# A topic as a literal of SQL.
LITERAL = re.compile(r"'([a-z]+(?:_[a-z]+)*\.[a-z_]+)'")
# By noun, the table and the type of the schema. What a trigger never names is not in `changes`.
NOUNS = {
    "customer": ("customer", "Customer"),
    "subscription": ("subscription", "Subscription"),
    "invoice": ("invoice", "Invoice"),
    "installment": ("installment", "Installment"),
    "schedule": ("payment_schedule", "PaymentSchedule"),
    "payment": ("payment", "Payment"),
    "refund": ("refund", "Refund"),
    "payment_method": ("payment_method", "PaymentMethod"),
}
# Columns that no statement changes, or that triggers leave out.
UNCHANGED = {"customer_id", "id", "version", "created_at", "name_key", "email_key", "due_at", "anchor_at", "billing_zone", "collect_at", "sequence"}
UNCHANGED |= {"failed_attempts", "retry_began_on", "retry_last_on", "retry_method_id", "is_hold_paused", "processor_reference", "fingerprint", "is_awaiting"}
UNCHANGED |= {"imported_at", "is_import_held"}
# Of no customer; written when there are imports and endpoints.
OF_DEPLOYMENT = {"import.finished", "webhook_endpoint.disabled"}


def topics_of_sql(root: Path) -> set[str]:
    """Return what triggers and the worker write. Names of tables with their schema are no topics."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((root / MIGRATIONS).glob("00[3-9][0-9]_*/*.sql")) if path.parent.name >= "0039"]
    texts.append((root / "db/sql/operations/events.sql").read_text(encoding="utf-8"))
    return {topic for text in texts for topic in LITERAL.findall(text) if not topic.startswith(("portico.", "app."))}


def test_the_database_the_schema_and_the_page_have_the_same_types(root: Path, graphql_schema: GraphQLSchema) -> None:
    topics = {each.topic for each in EventType}
    assert topics_of_sql(root) | OF_DEPLOYMENT == topics
    kind = graphql_schema.type_map["EventType"]
    assert isinstance(kind, GraphQLEnumType)
    assert {name: value.description for name, value in kind.values.items()} == {each.name: each.meaning for each in EventType}
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", (root / "docs/events.md").read_text(encoding="utf-8").partition("## Types")[2], re.MULTILINE)
    assert rows == [(each.topic, each.meaning) for each in EventType]


def test_a_value_is_its_topic_in_upper_case() -> None:
    assert all(each.name == each.value == each.topic.replace(".", "_").upper() for each in EventType)
    assert all(each.meaning.endswith(".") for each in EventType)


# The currency of an installment is its schedule's and never changes; the trigger of refunds does not compare the processor's reference.
WITHOUT_FIELD = {"installment": {"currency"}, "refund": {"reference"}}


@pytest.mark.parametrize("noun", NOUNS)
async def test_every_column_that_an_event_may_name_is_shown_by_a_field_or_internal(noun: str, admin: asyncpg.Connection, graphql_schema: GraphQLSchema) -> None:
    table, name = NOUNS[noun]
    kind = graphql_schema.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    columns = [
        row["attname"]
        for row in await admin.fetch("select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped", f"portico.{table}")
        if row["attname"] not in UNCHANGED | INTERNAL
    ]
    assert len(columns) > 5
    assert {column for column in columns if field_of(noun, column) not in kind.fields} == WITHOUT_FIELD.get(noun, set())


def test_columns_of_one_field_are_named_once_and_internal_ones_are_not() -> None:
    assert changed_fields("invoice.paid", ["status", "paid_minor", "remaining_minor", "paid_at"]) == ["amountPaid", "amountRemaining", "paidAt", "status"]
    assert changed_fields("subscription.change_scheduled", ["pending_at", "pending_kind", "pending_price_id"]) == ["pendingChange"]
    assert changed_fields("payment_method.removed", ["deleted_at", "external_id", "is_default"]) == ["externalId", "isDefault"]
