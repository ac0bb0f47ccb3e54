"""Postgres returns rows in any order unless a statement says which. Every statement of several rows has a total order, or its reader needs none, for the reason named here."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import asyncpg
import pytest

from billing.states import Actor
from db.blocks import Block, blocks
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from resolvers.reads.facts import fetch_rows

# The last column of a total order: no two rows of the result have the same value of it, or of it and the columns before it.
LAST = (
    *(
        "id",
        "item_id",
        "source_id",
        "refund_id",
        "payment_id",
        "object_key",
        "object_id",
        "occurrence",
        "seq",
        "position",
        "number",
        "sequence",
        "job",
        "relation",
        "mutation",
    ),
    *("caller", "processor", "external_id"),
)
# Orders that end otherwise, and why they are total.
TOTAL = {
    "totals.of_customer": "a row for each currency",
    "open_items.totals": "a row for each currency and ageing",
    "document_taxes.of_invoice": "a row for each rate",
    "document_taxes.of_credit_note": "a row for each rate",
    "cancellation_options.of_subscription": "ranks are unique",
    "letter_causes.coming": "a row for each customer",
    "timed_events.coming": "a row for each customer",
    "imports.waiting": "a row for each customer",
    "imports.counts": "a row for each source, kind and reason",
    "owed.items": "a row for each document, and one for the account",
}
# Blocks of at most one row that are not recognised by their text.
OF_ONE_ROW = {
    *("attachments.lock", "attachments.count", "document_snapshots.of_document", "document_snapshots.with_issuer", "calendar_links.of_customer", "calendar_links.revoke"),
    *("external_ids.owner", "summaries.by_id", "data_exports.expire", "credentials.of_customer", "credentials.other_owner", "credentials.unchanged", "credentials.delete"),
    *("credentials.able", "credentials.correct_email", "customers.to_save", "customers.insert", "grants.current", "grants.revoke_of_client", "budgets.spend"),
    *("operations.claim", "operations.claim_of_client", "charges.lock", "charges.attempt", "refund_requests.lock", "payment_methods.default_of_customer"),
    *("coupon_redemptions.of_subscription", "schedules.add", "imports.state", "imports.catalog", "imports.on_release", "imported_documents.of_invoice", "schema.revision"),
    *("endpoints.count", "deliveries.replay", "deliveries.event", "deliveries.fan_out", "events.announce", "links.holding", "trusted.stamp"),
    *("letter_causes.claim", "customers.history", "revisions.confirmed", "revisions.of_answer", "live.lead", "monitoring.queues"),
    *("credentials.rehash", "credentials.set_email", "credentials.set_password", "summaries.of_customer", "live.announce"),
}  # fmt: skip
# Blocks of several rows whose readers need no order.
ANY_ORDER = {
    "catalog.earlier_prices": "read by id",
    "catalog.uses": "read by kind and code",
    "catalog.move_price": "not read",
    "attachments.overdue": "each customer is served in a transaction of its own",
    "attachments.delete_pending": "written to the loose objects, which have an order",
    "loose_objects.own": "counted",
    "loose_objects.doom": "read as a set",
    "document_snapshots.of_documents": "read by id",
    "live.last_seqs": "read by id",
    "exporting.rows": "the function has the order of the primary key",
    "customers.reported_payments": "counted",
    "erasing.attachments": "written to the loose objects, which have an order",
    "erasing.exports": "written to the loose objects, which have an order",
    "sessions.end_others": "counted",
    "links.void": "not read",
    "grants.revoke_all": "not read",
    "trusted.retire": "counted",
    "trusted.deprecate": "counted",
    "papers.payments": "read by id",
    "papers.invoices": "read by id",
    "papers.credit_notes": "read by id",
    "papers.installments": "read by id",
    "payment_methods.saved": "one id",
    "subscriptions.move_method": "sorted by the reader",
    "schedules.add_installments": "read as a set",
    "imports.register": "only whether there is one",
    "imports.release_invoices": "not read",
    "imports.release_installments": "not read",
    "imports.release_of_collection": "not read",
    "imports.release_schedules": "not read",
    "imports.still_held": "an array that is compared as a set",
    "revisions.confirmed_each": "read by number",
    "passes.claim": "passes run beside each other",
    "passes.renew": "read as a set",
    "endpoints.enabled": "each endpoint is served in a transaction of its own",
    "deliveries.claim": "messages are sent beside each other",
    "deliveries.again": "counted",
    "deliveries.finish": "a letter for each of them",
    "letters.take_on": "letters are sent beside each other",
    "offers.by_ids": "one id",
    "offers.around": "read by id",
    "taken_plans.add": "counted",
}
# Rows of these are counted, compared by id, or read by month and currency.
ANY_ORDER_OF = ("saving.", "invariants.", "upkeep.", "reports.")
# Aggregates whose readers need no order: objects by name, and sets.
UNORDERED_AGGREGATES = {"imports.catalog", "imports.state", "imports.on_release"}
# Functions that collect names of columns, ids that are compared as a set, and messages that are sent one by one.
UNORDERED_FUNCTIONS = {"announce_events", "exported_rows", "lower_installments"}
# `limit 1` beside a condition that one row meets, or where only the existence of a row is read.
UNORDERED_LIMITS = {
    *("collections.facts", "accounts.around", "customers.matching", "customer_files.invoices", "credentials.other_owner", "links.holding", "payments.owner", "trusted.text"),
    *("saving.freed_client_key", "saving.client_key"),
}  # fmt: skip

ONE_ROW = re.compile(r"\b(?:\w+\.)?(?:id|secret_hash|email) = :\w+|\bvalues \(")
ORDER = re.compile(r"\border by (.+?)(?=\blimit\b|\bfor (?:no key )?update\b|\bfor share\b|\bon conflict\b|$)", re.S)
AGGREGATE = re.compile(r"\b(?:array|jsonb?|string)_agg\(")
PARTS = tuple(block for block in blocks().values() if not block.name.startswith(ANY_ORDER_OF))


def levels(sql: str) -> Iterator[str]:
    """Yield the text of every level of parentheses on its own, the outermost last."""
    stack = [""]
    for character in re.sub(r"'[^']*'|--[^\n]*", "''", sql):
        if character == "(":
            stack[-1] += "("
            stack.append("")
        elif character == ")" and len(stack) > 1:
            yield stack.pop()
            stack[-1] += ")"
        else:
            stack[-1] += character
    yield stack[0]


def last_column(order: str) -> str:
    last = order.split(",")[-1].split()[0]
    return last.rpartition(".")[2]


def outermost_order(block: Block) -> str | None:
    *_, outermost = levels(block.sql)
    match = ORDER.search(outermost)
    return match[1].strip() if match else None


def test_blocks_of_several_rows_have_an_order_or_need_none() -> None:
    unordered = {block.name for block in PARTS if block.returns != "nothing" and not block.orders and outermost_order(block) is None}
    outer = {name: [*levels(blocks()[name].sql)][-1] for name in unordered}
    of_many = {name for name in unordered if not ONE_ROW.search(outer[name]) and name not in OF_ONE_ROW}
    assert of_many - ANY_ORDER.keys() == set(), "say `order by`, or here why the order does not matter"
    assert (ANY_ORDER.keys() | OF_ONE_ROW) - {name for name in unordered if not ONE_ROW.search(outer[name])} == set()


def test_the_orders_of_blocks_are_total() -> None:
    partial = {
        block.name: order
        for block in blocks().values()
        if (order := outermost_order(block)) is not None and block.name not in TOTAL and last_column(order) not in LAST
    }
    assert partial == {}, "end the order with a key of the rows"


def test_the_orders_of_pages_are_total() -> None:
    last = {f"{block.name} {name}": order.columns[-1] for block in blocks().values() for name, order in block.orders.items()}
    assert {name: column for name, column in last.items() if column not in LAST} == {}


def test_parts_of_statements_have_a_limit_only_with_a_total_order() -> None:
    """A select inside of a statement that takes some rows takes the same ones each time. What upkeep deletes is past, whatever is deleted first."""
    limited = [
        (block.name, level)
        for block in blocks().values()
        if not block.name.startswith("upkeep.")
        for level in levels(block.sql)
        if re.search(r"\blimit\b", level)
    ]
    unordered = {name for name, level in limited if not ORDER.search(level)}
    assert unordered == UNORDERED_LIMITS | {"deliveries.claim"}  # its places are shared out at random
    partial = {name: order[1] for name, level in limited if (order := ORDER.search(level)) and name not in TOTAL and last_column(order[1]) not in LAST}
    assert partial.keys() == {"clock.due_collections"}  # whose inner select takes customers


def test_aggregates_of_rows_in_blocks_have_an_order() -> None:
    assert {block.name for block in blocks().values() if is_unordered(block.sql)} == UNORDERED_AGGREGATES


async def test_rows_of_a_block_for_pages_that_are_read_whole_are_in_its_first_order(database: Database, admin: asyncpg.Connection) -> None:
    """Here the rows lie in the opposite order."""
    for code in await admin.fetch("select code from plan order by code desc"):
        await admin.execute("update plan set trial_days = trial_days where code = $1", code[0])
    session = UnitOfWork(database, Caller(None, Actor.STAFF, datetime.now(UTC)))
    try:
        read = [row.code for row in await fetch_rows(session, "catalog.plans", code=None, is_archived=None)]
        async with session.write() as transaction:
            written = [row.code for row in await transaction.run("catalog.plans", code=None, is_archived=None)]
    finally:
        await session.close()
    assert read == written == sorted(read)
    assert len(read) > 1


@pytest.mark.parametrize("catalog", ["select viewname as name, definition from pg_views where schemaname = 'portico'",
                                     "select proname as name, prosrc as definition from pg_proc where pronamespace = 'portico'::regnamespace and prosrc <> ''"])  # fmt: skip
async def test_aggregates_of_rows_in_the_database_have_an_order(admin: asyncpg.Connection, catalog: str) -> None:
    unordered = {record["name"] for record in await admin.fetch(catalog) if is_unordered(record["definition"].lower())}
    assert unordered == (UNORDERED_FUNCTIONS if "pg_proc" in catalog else set())


def test_rows_of_a_list_are_written_over_in_one_order() -> None:
    """So that no two transactions wait for each other. Blocks that take JSON write for one customer, who is locked."""
    overwriting = {block.name for block in blocks().values() if "unnest(" in block.sql and "do update" in block.sql and not ORDER.search(block.sql)}
    assert overwriting == {"loose_objects.add"}  # an attempt makes the names of its objects


def is_unordered(sql: str) -> bool:
    """Whether an aggregate makes a list of rows, and has no `order by` of its own between its parentheses."""
    return any("order by" not in argument_of(sql, match.end()) for match in AGGREGATE.finditer(sql))


def argument_of(sql: str, start: int) -> str:
    """Return what stands between the parentheses that begin before `start`, without what stands in parentheses itself."""
    *_, outermost = levels(sql[start : end_of(sql, start)])
    return outermost


def end_of(sql: str, start: int) -> int:
    depth = 1
    for place in range(start, len(sql)):
        depth += (sql[place] == "(") - (sql[place] == ")")
        if depth == 0:
            return place
    return len(sql)
