"""Every block fits the migrated database, its row type, and an index."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import asyncpg
import pytest

from billing.rows import row_type
from db.batches import count_of, page_of, rows_of
from db.blocks import Block, blocks, positional, read
from db.builtin import embedded
from db.pages import Window
from tests.conftest import ADA, BIG
from tests.template import filled_cluster

TYPES = {"text": str, "bytea": bytes, "int4": int, "int8": int, "bool": bool, "timestamptz": datetime, "date": date, "json": str, "jsonb": str, "text[]": str}

# Staff or the sweep ask these over all customers; row security lets nobody else.
OF_EVERYBODY = {
    "customers.listed",
    "customers.matching",
    "customers.to_save",
    "customers.owner",
    "external_ids.owner",
    "open_items.listed",
    "audit.listed",
    "imports.counts",
    "imports.skipped",
    "events.feed",
    "attachments.overdue",
    "loose_objects.due",
}

# Reports read whole tables of all customers, for staff.
OF_REPORTS = {name for name in blocks() if name.startswith("reports.")} | {"open_items.totals"}

# The billing clock asks these over all customers, by index, and then acts as one.
OF_CLOCK = {
    "clock.due_subscriptions",
    "clock.due_collections",
    "clock.due_installments",
    "clock.open_charges",
    "clock.open_refunds",
    "clock.holds_to_lift",
    "clock.broken_promises",
    "payments.owner",
    "letter_causes.due",
    "letter_causes.coming",
    "data_exports.due",
    "data_exports.past",
    "timed_events.coming",
    # What waits in all, for the metrics of the worker.
    "monitoring.queues",
    "monitoring.jobs",
    "imports.waiting",
}

# What processors told belongs to nobody before it is read. Letters are sent whoever they are to. What is past goes whoever had it; row security says what that is.
OF_NOBODY = {
    "webhooks.open",
    "webhooks.store",
    "webhooks.done",
    "letters.take_on",
    "letters.done",
    "saving.taken_coupon",
    "saving.returned_coupon",
    "saving.imported_coupon_use",
    "imports.register",
    # The keys of the merchant's programs, which row security lets only the program itself use.
    "saving.client_key",
    "saving.freed_client_key",
    *(name for name in blocks() if name.startswith(("upkeep.", "passes."))),
    # The relay of events announces those of all customers, and asks for the last ones of those who have streams.
    "live.announce",
    "live.last_seqs",
    "live.lead",
    "live.probe",
}

# The registry of apps and their documents is no customer's.
REGISTRY = ("clients.", "client_credentials.", "client_assertions.", "trusted.", "budgets.")
OF_REGISTRY = {name for name in blocks() if name.startswith(REGISTRY)}

# Endpoints of outgoing webhooks are no customer's, and read the feed of all events.
OF_WEBHOOKS = {name for name in blocks() if name.startswith(("endpoints.", "deliveries.", "events.announce"))}

# The catalog is no customer's. Its writers count the subscriptions that depend on it, and move them.
OF_CATALOG = {name for name in blocks() if name.startswith("catalog.")}
# The command line counts all subscriptions, before a change of the catalog.
COUNTS = {"catalog.uses"}

# Functions that claim and write for the customer whom the unit of work named.
OF_CALLER = {
    "operations.claim",
    "operations.claim_of_client",
    "operations.of_client_key",
    "revisions.confirmed",
    "revisions.confirmed_each",
    "invoices.issue_number",
    "credit_notes.issue_number",
    "exporting.rows",
}

# Row security shows these to who presents the secret or the address, before it is known whose they are.
BY_SECRET = {
    "credentials.by_email",
    "credentials.other_owner",
    "customers.at_address",
    "refresh_tokens.by_secret",
    "links.by_secret",
    "calendar_links.by_secret",
}

# What every node of a sharded database has whole, and what is empty before anybody has signed in.
REGISTERED = ("api_client", "client_credential", "client_assertion", "stored_document", "document_use")
SMALL = (
    *REGISTERED,
    "plan",
    "price",
    "coupon",
    "audit_event",
    "retention_offer",
    "idempotency_key",
    "charge",
    "webhook_event",
    "loose_object",
    "letter",
    "letter_cause",
    "refund",
    "refund_allocation",
    "refund_request",
    "data_export",
    "calendar_link",
    "column_erasure",
    "job_pass",
    "webhook_endpoint",
    "webhook_delivery",
    "webhook_attempt",
    "event_feed",
    "import_record",
    "alembic_version",
)

# An operator's audit reads whole tables, as the owner (db/audit.py).
OF_AUDIT = {name for name in blocks() if name.startswith("invariants.")}

# An import reads as the owner what its lines name, of many customers at once (db/importing.py); so does the export to its files (db/snapshots/customer_files.py).
OF_IMPORT = {"imports.catalog", "imports.state"} | {name for name in blocks() if name.startswith("customer_files.")}

READS = [item for item in blocks().values() if (item.sql.startswith("select") or item.name in OF_REPORTS) and item.name not in BY_SECRET | OF_AUDIT | OF_IMPORT]
# They begin with `with`, as writes do, and read no batches.
LOOK_UPS = [blocks()["customers.to_save"]]
WRITES = [
    item for item in blocks().values() if not item.sql.startswith("select") and item.name not in OF_AUDIT | OF_REPORTS | OF_IMPORT and item not in LOOK_UPS
]

# What has no owner: everybody may read it.
PUBLIC = {"plans.by_id", "plans.listed", "prices.by_id", "prices.of_plan", "schema.revision", "exporting.tables"}


@pytest.fixture(scope="module")
def urls() -> Iterator[embedded.Urls]:
    """The demo as it was seeded: plans are judged by the statistics of its rows, before other tests write theirs."""
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, filled_cluster(Path(folder) / "data") as opened:
        yield opened


@pytest.fixture(params=blocks().values(), ids=blocks())
def block(request: pytest.FixtureRequest) -> Block:
    block: Block = request.param
    return block


async def test_a_block_selects_the_columns_of_its_row_type(block: Block, app: asyncpg.Connection) -> None:
    statement = await app.prepare(positional(block.sql)[0])
    if block.returns == "nothing":
        assert all(attribute.type.name == "void" for attribute in statement.get_attributes())
        return
    columns = {attribute.name: TYPES[attribute.type.name] for attribute in statement.get_attributes()}
    hints = get_type_hints(row_type(block.returns))
    expected = {field.name: kind_of(hints[field.name]) for field in fields(row_type(block.returns))}
    # A block may give more: the columns of a view that a later version of the program knows.
    assert expected.items() <= columns.items()


def kind_of(hint: Any) -> Any:
    """What a column holds: str for `str | None` and for `list[str] | None`."""
    while arguments := get_args(hint):
        hint = next(kind for kind in arguments if kind is not NoneType)
    return getattr(hint, "__supertype__", hint)


@pytest.mark.parametrize("block", READS, ids=[item.name for item in READS])
async def test_every_statement_made_of_a_block_can_be_prepared(block: Block, app: asyncpg.Connection) -> None:
    for is_staff in (False, True):
        statements = [rows_of(block, is_staff=is_staff), count_of(block, is_staff=is_staff)]
        windows = [
            Window(order, 1, back, keyset, other) for order in block.orders for back in (False, True) for keyset in (None, (1,)) for other in (None, (1,))
        ]
        for statement in [*statements, *(page_of(block, window, is_staff=is_staff) for window in windows)]:
            assert (await app.prepare(statement.sql)).get_attributes(), statement.sql


@pytest.mark.parametrize("block", READS, ids=[item.name for item in READS])
def test_a_block_says_whose_rows_it_selects(block: Block) -> None:
    says = re.search(r"\b(customer_id|owner_id|id) = :customer_id", block.sql) is not None
    is_listed = block.name in OF_EVERYBODY | OF_REPORTS | PUBLIC | OF_CLOCK | OF_CALLER | OF_NOBODY | OF_REGISTRY | OF_CATALOG | OF_WEBHOOKS
    assert says != is_listed, "name the block in one of the lists above, or say customer_id = :customer_id"


@pytest.mark.parametrize("block", WRITES, ids=[item.name for item in WRITES])
def test_a_block_that_writes_says_whose_row_it_writes(block: Block) -> None:
    if block.name in OF_NOBODY | OF_REGISTRY | OF_CATALOG | OF_WEBHOOKS:
        assert "customer_id" not in block.sql
        return
    if block.name == "saving.audit_event":  # an event may be of no customer, and names its own
        return
    changes = re.search(r"where (\w\.)?(customer_id|owner_id|id) = :customer_id", block.sql)
    assert block.is_of_customer
    assert changes or block.sql.startswith("insert")


@pytest.mark.parametrize("block", READS + LOOK_UPS, ids=[item.name for item in READS + LOOK_UPS])
async def test_no_block_scans_a_table_of_customers(block: Block, app: asyncpg.Connection) -> None:
    """Planned as the server runs it (a generic plan) after ANALYZE, where a page that is read in sequence costs as much as forty: as with 20,000 customers."""
    if block.name in COUNTS | OF_REPORTS:
        return
    actor = "STAFF" if block.name in OF_EVERYBODY | OF_CATALOG else "SYSTEM" if block.name in OF_CLOCK | OF_REGISTRY | OF_WEBHOOKS else "CUSTOMER"
    await app.execute(f"set app.customer_id = '{ADA.customer_id}'; set app.actor = '{actor}'; set app.now = '2026-11-22T00:00:00Z'")
    # The list of all customers is read by its pages only.
    # The partitions of events are nearly empty here, so an index is used only if a scan is ruled out.
    await app.execute(f"set enable_seqscan = {'off' if ' portal_event' in block.sql else 'on'}; set seq_page_cost = 40")
    for sql in [*([] if block.name == "customers.listed" else [block.sql]), *(page_of_block(block, order) for order in block.orders)]:
        text, names = positional(sql)
        await app.execute(f"prepare asked as {text}")
        plan = "\n".join(
            record[0] for record in await app.fetch(f"explain execute asked({', '.join(['null'] * len(names))})" if names else "explain execute asked")
        )
        await app.execute("deallocate asked")
        lines = [line.strip() for line in plan.splitlines() if "Seq Scan on" in line]
        scanned = [line for line in lines if not any(f" on {table} " in line for table in SMALL)]
        assert scanned == [], plan


def page_of_block(block: Block, order: str) -> str:
    from db.pages import page_sql

    return page_sql(block, Window(order, 20), limit="20")


def test_nothing_is_ordered_by_the_number_of_an_invoice(root: Path) -> None:
    """Merchants have numbers of any form: the newest invoice has not the greatest one."""
    views = (root / "db/migrations/versions/0001_portal/0001_views.sql").read_text()
    statements = [views, *(block.sql for block in blocks().values() if block.name != "deliveries.attempts")]  # attempts are numbered from 1
    ordered = [sql for sql in statements if re.search(r"(order by|partition by|max\(|min\()[^)]*\bnumber\b", sql)]
    assert ordered == []
    assert not {column for block in blocks().values() for order in block.orders.values() for column in order.columns} & {"number"}


def test_a_block_is_read_with_its_header() -> None:
    (block,) = read("-- name: things.of_one\n-- returns: Plan\n-- order newest: at desc, id desc\n-- A word.\nselect 1\n where a = :key;\n")
    assert (block.name, block.returns, block.summary, block.sql) == ("things.of_one", "Plan", "A word.", "select 1\n where a = :key")
    assert block.orders["newest"].columns == ("at", "id")
    assert block.orders["newest"].is_descending


def test_an_order_in_two_directions_is_refused() -> None:
    with pytest.raises(ValueError, match="one direction"):
        read("-- name: a.b\n-- returns: Plan\n-- order mixed: at desc, id asc\nselect 1")


@pytest.mark.parametrize(
    ("written", "expected", "names"),
    [
        ("a = :b and c = :b", "a = $1 and c = $1", ("b",)),
        ("cast(:x as text), y::text, :z", "cast($1 as text), y::text, $2", ("x", "z")),
        ("to_char(a, 'HH24:MI:SS')", "to_char(a, 'HH24:MI:SS')", ()),
    ],
)
def test_named_parameters_become_numbers(written: str, expected: str, names: tuple[str, ...]) -> None:
    assert positional(written) == (expected, names)


@pytest.mark.parametrize(("name", "order"), [("payments.of_customer", "newest"), ("invoices.of_customer", "due_first"), ("invoices.of_customer", "oldest")])
async def test_the_first_rows_of_a_long_list_come_from_an_index_and_not_from_a_sort_of_all(app: asyncpg.Connection, name: str, order: str) -> None:
    """Row security must not make Postgres expect a single row of a customer who has thousands."""
    text, names = positional(page_of_block(blocks()[name], order))
    await app.execute(f"set app.customer_id = '{BIG.customer_id}'; set app.actor = 'CUSTOMER'; set app.now = '2026-11-22T00:00:00Z'")
    await app.execute(f"prepare asked as {text}")
    plan = "\n".join(record[0] for record in await app.fetch(f"explain execute asked({', '.join(['null'] * len(names))})"))
    await app.execute("deallocate asked")
    assert "Sort" not in plan, plan
    assert "Index Scan" in plan
