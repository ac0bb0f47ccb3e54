"""Imported subscriptions are held until they are released; then they renew from the end of their running period on, and nothing before is billed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.money.numbers import Numbering
from billing.refusals import Refused
from billing.states import Actor
from db.pool import Database, Pool
from db.unit_of_work import Caller, Transaction, UnitOfWork
from jobs.clock import Billing, tick
from jobs.coming import LETTERS, ComingResult, note_coming
from resolvers.changes.writing import system_writer
from resolvers.customers.releasing import release_all
from tests.imports.conftest import NOTICES, NOW, ImportPlace
from tests.imports.lines import customer, invoice, method, schedule, subscription

DAY = timedelta(days=1)


@asynccontextmanager
async def session_at(place: ImportPlace, at: datetime) -> AsyncIterator[UnitOfWork]:
    async with Database(place.urls.app, Pool(max_size=2), server_settings={}) as database:
        session = UnitOfWork(database, Caller(None, Actor.SYSTEM, at), acquire_seconds=30)
        yield session
        await session.close()


async def as_customer(place: ImportPlace, at: datetime, work: Callable[[Transaction], Awaitable[Any]]) -> Any:
    """Run a transaction of the system for the customer C1."""
    (row,) = await place.fetch("select id from customer where external_id = 'C1'")
    async with session_at(place, at) as session:
        of_customer = session.for_caller(replace(session.caller, customer_id=row["id"]))
        try:
            async with of_customer.write() as transaction:
                return await work(transaction)
        finally:
            await of_customer.close()


async def release(place: ImportPlace, at: datetime = NOW) -> list[str]:
    """Release the customer C1, and return the codes of what stays held."""
    answer = await as_customer(place, at, lambda transaction: release_all(transaction, system_writer(at, Numbering())))
    return [each["code"] for each in answer["unreleased"]]


async def state(place: ImportPlace, name: str = "S1") -> tuple[Any, ...]:
    (row,) = await place.fetch("select status, holds, renews_at from subscription where external_id = $1", name)
    return tuple(row)


LINES = {"customers": [customer()], "payment_methods": [method()]}
END = datetime.fromisoformat("2026-12-15T00:00:00Z")


async def test_a_released_subscription_renews_at_the_end_of_its_period(place: ImportPlace) -> None:
    place.write_lines(**LINES, subscriptions=[subscription()])
    await place.run()
    assert await state(place) == ("SUSPENDED", ["IMPORT"], None)
    assert await release(place) == []
    assert await state(place) == ("ACTIVE", [], END)
    assert await place.counts(("invoice", "letter_cause")) == {"invoice": 0, "letter_cause": 0}
    assert await place.violations() == {}


async def test_a_subscription_of_an_invoice_whose_collection_was_given_up_stays_held_by_dunning(place: ImportPlace) -> None:
    dunning = {"collection": "AUTOMATIC", "dunning": {"state": "GIVEN_UP", "failedAttempts": 0}}
    unpaid = invoice(status="OPEN", subscription="S1", issuedAt="2026-11-30T00:00:00Z", dueOn="2026-12-31", **dunning)
    place.write_lines(**LINES, subscriptions=[subscription(status="SUSPENDED", holds=["DUNNING"])], invoices=[unpaid])
    await place.run()
    assert await state(place) == ("SUSPENDED", ["DUNNING", "IMPORT"], None)
    assert await place.violations() == {}
    assert await release(place) == []
    assert await state(place) == ("SUSPENDED", ["DUNNING"], None)
    (row,) = await place.fetch("select collection from invoice")
    assert row["collection"] == "GIVEN_UP"
    assert await place.violations() == {}


@pytest.mark.parametrize(
    ("lines", "at", "code"),
    [
        ({"payment_methods": [method()]}, END - timedelta(hours=23), "RENEWS_SOON"),
        ({"payment_methods": [method()]}, END + DAY, "PERIOD_LAPSED"),
        ({"payment_methods": []}, NOW, "PAYMENT_METHOD_REQUIRED"),
        ({"payment_methods": [method(expiresOn="2026-10")]}, NOW, "PAYMENT_METHOD_REQUIRED"),
    ],
)
async def test_a_release_that_would_bill_wrongly_is_refused(place: ImportPlace, lines: dict[str, Any], at: datetime, code: str) -> None:
    place.write_lines(customers=[customer()], subscriptions=[subscription()], **lines)
    await place.run()
    assert await release(place, at) == [code]
    assert await state(place) == ("SUSPENDED", ["IMPORT"], None)


async def test_each_state_of_the_source_comes_back(place: ImportPlace) -> None:
    coming = {"startedAt": "2027-02-01T00:00:00Z", "periodStartsAt": ..., "periodEndsAt": ...}
    trial = {"startedAt": "2026-11-25T00:00:00Z", "periodStartsAt": ..., "periodEndsAt": ...}
    place.write_lines(
        **LINES,
        subscriptions=[
            subscription("S1", status="SCHEDULED", **coming),
            subscription("S2", status="TRIALING", trialEndsAt="2026-12-20T00:00:00Z", **trial),
            subscription("S3", status="PAUSED", resumesAt="2027-01-01T00:00:00Z"),
            subscription("S4", status="SUSPENDED", holds=["CUSTOMER"]),
            subscription("S5", pendingChange="CANCEL"),
            subscription("S6", pendingChange="PLAN", pendingPrice="business-usd-month"),
            subscription("S7", status="CANCELED", canceledAt="2026-11-20T00:00:00Z"),
        ],
    )
    await place.run()
    assert {outcome for _, _, outcome, _ in place.outcomes()} == {"CREATE"}
    assert await release(place) == []
    rows = await place.fetch("select external_id, status, holds, renews_at, pending_kind from subscription order by external_id")
    assert [tuple(row) for row in rows] == [
        ("S1", "SCHEDULED", [], datetime.fromisoformat("2027-02-01T00:00:00Z"), None),
        ("S2", "TRIALING", [], datetime.fromisoformat("2026-12-20T00:00:00Z"), None),
        ("S3", "PAUSED", [], None, None),
        ("S4", "SUSPENDED", ["CUSTOMER"], None, None),
        ("S5", "ACTIVE", [], None, "CANCEL"),
        ("S6", "ACTIVE", [], END, "PLAN"),
        ("S7", "CANCELED", [], None, None),
    ]
    assert await place.violations() == {}


async def test_a_31st_that_the_source_writes_as_the_last_of_february_is_the_31st_again(place: ImportPlace) -> None:
    at = datetime.fromisoformat("2027-02-10T00:00:00Z")
    period = {"periodStartsAt": "2027-01-31T00:00:00Z", "periodEndsAt": "2027-02-28T00:00:00Z"}
    place.write_lines(**LINES, subscriptions=[subscription("S1", **period), subscription("S2", **period, anchorDay=30)])
    await place.run(now=at)
    assert await release(place, at) == []
    await clock(place, datetime.fromisoformat("2027-04-01T00:00:00Z"))
    rows = await place.fetch("select external_id, period_starts_at from subscription order by external_id")
    assert [(row[0], row[1].isoformat()[:10]) for row in rows] == [("S1", "2027-03-31"), ("S2", "2027-03-30")]


async def clock(place: ImportPlace, at: datetime) -> None:
    """Run the billing clock without a processor: what it bills stays open."""
    async with Database(place.urls.app, Pool(max_size=4), server_settings={}) as database:
        done = await tick(Billing(database, {}), at)
    assert done.failures == 0


async def test_the_clock_leaves_what_the_import_holds_and_bills_what_is_released(place: ImportPlace) -> None:
    """Held: no renewal, no pending change, no collection, no invoice of an installment. Released: from the end of the period on, and nothing before."""
    parts = [{"externalId": f"P1-{number}", "name": "Part", "dueOn": f"2026-12-{number}0", "amount": 5000} for number in (1, 2)]
    place.write_lines(
        **LINES,
        subscriptions=[subscription(paymentMethod="M1"), subscription("S2", pendingChange="PAUSE"), subscription("S3", pendingChange="CANCEL")],
        payment_schedules=[schedule(invoicing="PER_INSTALLMENT", installments=parts)],
        invoices=[invoice(status="OPEN", collection="AUTOMATIC", subscription="S1")],
    )
    await place.run()
    before = await place.counts(("invoice", "payment", "charge"))
    for days in (1, 40):
        await clock(place, NOW + days * DAY)
    assert await place.counts(("invoice", "payment", "charge")) == before
    assert await state(place, "S3") == ("SUSPENDED", ["IMPORT"], None)
    (row,) = await place.fetch("select collection, collect_at from invoice")
    assert tuple(row) == ("NONE", None)

    assert await release(place) == []
    (row,) = await place.fetch("select collection, collect_at from invoice")
    assert tuple(row) == ("DUE", datetime.fromisoformat("2026-10-29T00:00:00Z"))
    await clock(place, END + timedelta(hours=1))
    rows = await place.fetch(
        """select s.external_id, i.reason, i.period_starts_at
             from invoice i left join subscription s on s.customer_id = i.customer_id and s.id = i.subscription_id
            order by i.created_at, s.external_id"""
    )
    assert {tuple(row) for row in rows} == {("S1", "MANUAL", None), ("S1", "RENEWAL", END), (None, "SCHEDULE", None)}
    assert (await place.fetch("select count(*) from invoice where reason = 'SCHEDULE'"))[0][0] == 2
    assert (await place.fetch("select status from subscription where external_id = 'S3'"))[0][0] == "CANCELED"


async def test_what_the_customer_tried_to_pay_before_is_collected_after_the_release(place: ImportPlace) -> None:
    """An invoice that is in payment is collected if the payment fails. An installment that is in payment has no invoice yet: the next release takes it."""
    place.write_lines(**LINES, payment_schedules=[schedule(invoicing="PER_INSTALLMENT")], invoices=[invoice(status="OPEN", collection="AUTOMATIC")])
    await place.run()
    await place.fetch("update invoice set status = 'PROCESSING'")
    await place.fetch("update installment set status = case when external_id = 'P1-1' then 'FAILED' else 'PROCESSING' end")
    assert await release(place) == []
    (row,) = await place.fetch("select status, collection, collect_at from invoice")
    assert tuple(row) == ("PROCESSING", "DUE", datetime.fromisoformat("2026-10-29T00:00:00Z"))
    invoiced = "select external_id from installment where invoice_at is not null order by external_id"
    assert [row[0] for row in await place.fetch(invoiced)] == ["P1-1"]
    await place.fetch("update installment set status = 'FAILED' where external_id = 'P1-2'")
    assert await release(place) == []
    assert [row[0] for row in await place.fetch(invoiced)] == ["P1-1", "P1-2"]


async def test_an_invoice_that_staff_let_be_due_later_is_charged_on_that_day_after_the_release(place: ImportPlace) -> None:
    dunning = {
        "collection": "AUTOMATIC",
        "dunning": {"state": "RETRYING", "failedAttempts": 2, "retryCount": 2, "retryBeganOn": "2026-11-20", "retryLastOn": "2026-11-25"},
    }
    place.write_lines(**LINES, invoices=[invoice(status="OPEN", **dunning), invoice("I2", status="OPEN", **dunning)])
    await place.run()
    await place.fetch("update customer set time_zone = 'Europe/Zurich'")
    await place.fetch("update invoice set issued_due_on = due_on, due_on = '2027-01-31' where external_id = 'I2'")
    assert await release(place) == []
    rows = await place.fetch("select collection, collect_at, failed_attempts, retry_count, retry_began_on is null from invoice order by external_id")
    assert [tuple(row) for row in rows] == [
        ("RETRYING", datetime.fromisoformat("2026-10-29T00:00:00Z"), 2, 2, False),
        ("DUE", datetime.fromisoformat("2027-01-31T08:00:00Z"), 0, 0, True),
    ]


async def test_no_letter_is_caused_by_what_the_import_holds(place: ImportPlace) -> None:
    """A card that expires soon, a trial that ends soon, a yearly plan that renews soon, an invoice that is overdue. Released: the same are written about."""
    soon = {"startedAt": "2025-12-10T00:00:00Z", "periodStartsAt": "2025-12-10T00:00:00Z", "periodEndsAt": "2026-12-10T00:00:00Z"}
    trial = {"startedAt": "2026-11-20T00:00:00Z", "periodStartsAt": "2026-11-20T00:00:00Z"}
    place.write_lines(
        customers=[customer()],
        payment_methods=[method(expiresOn="2026-12")],
        subscriptions=[
            subscription(price="team-usd-year", **soon),
            subscription("S2", status="TRIALING", trialEndsAt="2026-12-04T00:00:00Z", periodEndsAt="2026-12-04T00:00:00Z", **trial),
        ],
        invoices=[invoice(status="OPEN")],
    )
    await place.run()
    async with session_at(place, NOW + DAY) as session:
        await note_coming(session, LETTERS, done=ComingResult())
    assert await place.fetch("select kind from letter_cause") == []
    assert await release(place, NOW + DAY) == []
    async with session_at(place, NOW + DAY) as session:
        await note_coming(session, LETTERS, done=ComingResult())
    assert [row["kind"] for row in await place.fetch("select kind from letter_cause order by kind")] == ["card_expiring", "renewal_to_come", "trial_ending"]


async def test_a_second_release_changes_nothing(place: ImportPlace) -> None:
    place.write_lines(**LINES, subscriptions=[subscription()])
    await place.run()
    await release(place)
    before = await place.fetch("select * from subscription"), await place.counts(NOTICES)
    assert await release(place) == []
    assert (await place.fetch("select * from subscription"), await place.counts(NOTICES)) == before


async def test_a_line_that_was_changed_after_the_release_is_not_taken_up(place: ImportPlace) -> None:
    place.write_lines(**LINES, subscriptions=[subscription()])
    await place.run()
    await release(place)
    place.write_lines(**LINES, subscriptions=[subscription(quantity=5)])
    await place.run()
    assert [reason for _, _, _, reason in place.outcomes()] == [None, None, "ALREADY_RELEASED"]
    assert (await place.fetch("select quantity from subscription"))[0][0] == 1


async def test_a_closed_customer_is_not_released(place: ImportPlace) -> None:
    place.write_lines(**LINES, subscriptions=[subscription()])
    await place.run()
    await place.fetch("update customer set closed_at = now()")
    with pytest.raises(Refused, match="closed"):
        await release(place)
