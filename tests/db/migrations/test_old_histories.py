"""The history of subscriptions from before it was written follows from their events."""

from datetime import UTC, datetime

import asyncpg

from db.builtin import embedded
from tests.db.migrations.old_database import migrated_from_before

STATES = "select began_at, ended_at, status, price_id, quantity from subscription_state order by began_at"


def at(month: int, day: int = 1) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


async def fill(connection: asyncpg.Connection) -> None:
    """A subscription that had a trial, was paused and resumed, and was canceled; the last two events are of one instant."""
    await connection.execute("insert into customer (id, name, email, currency, created_at) values ('cus_a', 'A', 'a@example.com', 'USD', $1)", at(1))
    await connection.execute("insert into plan (id, code, name, description, created_at) values ('plan_a', 'a', 'A', '', $1)", at(1))
    await connection.execute(
        "insert into price (id, plan_id, currency, unit_minor, billing_interval, created_at) values ('price_a', 'plan_a', 'USD', 100, 'MONTH', $1)", at(1)
    )
    await connection.execute(
        """insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, started_at, trial_ends_at, renewal_minor, anchor_at, billing_zone,
                                     canceled_at, created_at)
           values ('cus_a', 'sub_a', 'plan_a', 'price_a', 'USD', 3, 'CANCELED', $1, $2, 300, $2, 'UTC', $3, $1)""",
        at(1),
        at(2),
        at(7),
    )
    events = [("CREATED", at(1)), ("ACTIVATED", at(2)), ("RENEWED", at(3)), ("PAUSED", at(4)), ("RESUMED", at(5)), ("HELD", at(7)), ("CANCELED", at(7))]
    for number, (kind, happened_at) in enumerate(events):
        await connection.execute(
            "insert into subscription_event (customer_id, id, subscription_id, kind, actor, happened_at) values ('cus_a', $1, 'sub_a', $2, 'SYSTEM', $3)",
            f"evt_{number}",
            kind,
            happened_at,
        )


async def test_each_event_that_changed_the_state_begins_a_span(urls: embedded.Urls) -> None:
    async with migrated_from_before("0038", urls, "old_histories", fill) as admin:
        rows = await admin.fetch(STATES)
        spans = [(row["began_at"].month, row["ended_at"].month if row["ended_at"] else None, row["status"]) for row in rows]
        assert spans == [(1, 2, "TRIALING"), (2, 3, "ACTIVE"), (3, 4, "ACTIVE"), (4, 5, "PAUSED"), (5, 7, "ACTIVE"), (7, None, "CANCELED")]
        assert {(row["price_id"], row["quantity"]) for row in rows} == {("price_a", 3)}


async def test_a_change_that_the_version_before_writes_begins_a_span_too(urls: embedded.Urls) -> None:
    async with migrated_from_before("0038", urls, "older_writer", fill) as admin:
        await admin.execute("set app.now = '2026-08-01T00:00:00Z'; update subscription set quantity = 5 where id = 'sub_a'")
        rows = await admin.fetch(STATES)
        assert [(row["began_at"], row["ended_at"], row["quantity"]) for row in rows[-2:]] == [(at(7), at(8), 3), (at(8), None, 5)]
