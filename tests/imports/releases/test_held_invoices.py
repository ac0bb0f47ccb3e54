"""Before the release an open invoice is collected by the system that it came from: nothing that happens to the customer's own payments lets the billing clock charge it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from billing.money.numbers import Numbering
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.changes.writing import WriteContext, system_writer
from resolvers.charges import collecting, dunning
from tests.imports.conftest import NOW, ImportPlace
from tests.imports.lines import invoice, schedule, subscription
from tests.imports.releases.test_releases import LINES, as_customer, clock, release

DUE = datetime.fromisoformat("2026-10-29T00:00:00Z")
Happening = Callable[[Transaction, str, WriteContext], Awaitable[Any]]


def charge(invoice_id: str) -> Any:
    return SimpleNamespace(invoice_id=invoice_id, payment_method_id=None)


HAPPENINGS: dict[str, Happening] = {
    "a returned debit": lambda transaction, invoice_id, by: dunning.returned(transaction, charge(invoice_id), by=by),
    "a dispute": lambda transaction, invoice_id, by: dunning.disputed(transaction, charge(invoice_id), by=by),
    "a declined charge": lambda transaction, invoice_id, by: dunning.declined(transaction, charge(invoice_id), never_happened=False, by=by),
    "another method": lambda transaction, invoice_id, by: dunning.methods_changed(transaction, by=by),
    "retryPastDue": lambda transaction, invoice_id, by: dunning.methods_changed(transaction, is_requested=True, by=by),
}


async def happens(place: ImportPlace, happening: Happening) -> None:
    (row,) = await place.fetch("select id from invoice")
    await as_customer(place, NOW, lambda transaction: happening(transaction, row["id"], system_writer(NOW, Numbering())))


async def collection(place: ImportPlace) -> tuple[Any, ...]:
    (row,) = await place.fetch("select collection, collect_at, failed_attempts, retry_count, is_import_held from invoice")
    return tuple(row)


async def import_invoice(place: ImportPlace, **changes: Any) -> None:
    place.write_lines(**LINES, subscriptions=[subscription()], invoices=[invoice(status="OPEN", collection="AUTOMATIC", **changes)])
    await place.run()


@pytest.mark.parametrize("changes", [{}, {"subscription": "S1"}], ids=["of nothing", "of a subscription"])
@pytest.mark.parametrize("name", HAPPENINGS)
async def test_it_is_left_to_the_source_until_the_release(place: ImportPlace, name: str, changes: dict[str, Any]) -> None:
    await import_invoice(place, **changes)
    await happens(place, HAPPENINGS[name])
    assert await collection(place) == ("NONE", None, 0, 0, True)
    await clock(place, NOW + timedelta(days=40))
    assert await place.counts(("payment", "charge")) == {"payment": 0, "charge": 0}
    assert (await place.fetch("select holds from subscription"))[0][0] == ["IMPORT"]
    assert await release(place) == []
    assert await collection(place) == ("DUE", DUE, 0, 0, False)


PART = {"externalId": "P1-1", "name": "1", "dueOn": "2026-11-01", "amount": 2_900, "invoice": "I1"}
# What an invoice that is paid by hand belongs to, and the names of that in its line.
BY_HAND: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "of an automatic schedule": (
        {"payment_schedules": [schedule(invoicing="PER_INSTALLMENT", collection="AUTOMATIC", installments=[PART])]},
        {"schedule": "P1", "dueOn": "2026-11-01"},
    ),
    "of a canceled subscription": ({"subscriptions": [subscription(status="CANCELED", canceledAt="2026-11-01T00:00:00Z")]}, {"subscription": "S1"}),
    "of a subscription": ({"subscriptions": [subscription()]}, {"subscription": "S1"}),
}


@pytest.mark.parametrize(
    ("parent", "is_released"),
    [(parent, is_released) for parent in BY_HAND for is_released in (False, True) if (parent, is_released) != ("of a subscription", True)],
)
@pytest.mark.parametrize("name", HAPPENINGS)
async def test_one_that_is_paid_by_hand_is_not_charged(place: ImportPlace, name: str, parent: str, is_released: bool) -> None:
    lines, names = BY_HAND[parent]
    place.write_lines(**LINES, **lines, invoices=[invoice(status="OPEN", **names)])
    await place.run()
    if is_released:
        await release(place)
    assert not await is_offered(place)
    await happens(place, HAPPENINGS[name])
    assert await collection(place) == ("NONE", None, 0, 0, False)
    assert not await is_offered(place)
    await clock(place, NOW + timedelta(days=10))
    assert await place.counts(("payment", "charge")) == {"payment": 0, "charge": 0}


@pytest.mark.parametrize(("name", "state"), [("a returned debit", "RETRYING"), ("a dispute", "GIVEN_UP"), ("another method", "NONE"), ("retryPastDue", "DUE")])
@pytest.mark.parametrize("status", ["OPEN", "PAID"])
async def test_one_of_a_released_subscription_is_collected_like_its_others(place: ImportPlace, status: str, name: str, state: str) -> None:
    """Also one whose line says nothing of its collection: such is that of an invoice which was paid before the import, and whose money went back after the release."""
    place.write_lines(**LINES, subscriptions=[subscription()], invoices=[invoice(status=status, subscription="S1")])
    await place.run()
    await release(place)
    if status == "PAID":
        await place.fetch("update invoice set status = 'OPEN', paid_minor = 0, paid_at = null")
    assert await collection(place) == ("NONE", None, 0, 0, False)
    assert await is_offered(place)
    await happens(place, HAPPENINGS[name])
    assert (await collection(place))[0] == state
    assert await is_offered(place)


@pytest.mark.parametrize("name", ["a returned debit", "a declined charge", "retryPastDue"])
async def test_released_it_is_collected_here(place: ImportPlace, name: str) -> None:
    """The control of the test before."""
    await import_invoice(place)
    await release(place)
    before = await collection(place)
    await happens(place, HAPPENINGS[name])
    assert await collection(place) != before


async def test_one_that_was_paid_before_the_release_is_collected_here_if_its_money_goes_back(place: ImportPlace) -> None:
    await import_invoice(place)
    await place.fetch("update invoice set status = 'PAID', paid_minor = total_minor, paid_at = now()")
    await release(place)
    assert await collection(place) == ("NONE", None, 0, 0, False)
    await place.fetch("update invoice set status = 'OPEN', paid_minor = 0, paid_at = null")
    await happens(place, HAPPENINGS["retryPastDue"])
    assert (await collection(place))[0] == "DUE"


async def test_staff_do_not_retry_it_before_the_release(place: ImportPlace) -> None:
    await import_invoice(place)
    call: Any = None
    with pytest.raises(Refused) as refused:
        await happens(place, lambda transaction, invoice_id, by: collecting.retried(transaction, invoice_id, call, by=by))
    assert refused.value.code is ErrorCode.WRONG_STATE


async def test_only_what_the_release_collects_is_held(place: ImportPlace) -> None:
    """Not a paid invoice, one that is paid by hand, or one that is written off."""
    lines = [
        invoice("I1", status="PAID"),
        invoice("I2", status="OPEN"),
        invoice("I3", status="OPEN", collection="AUTOMATIC", writtenOffAt="2026-11-01T00:00:00Z"),
        invoice("I4", status="OPEN", collection="AUTOMATIC"),
    ]
    place.write_lines(**LINES, invoices=lines)
    await place.run()
    assert [row[0] for row in await place.fetch("select external_id from invoice where is_import_held")] == ["I4"]


async def is_offered(place: ImportPlace) -> bool:
    """Return whether staff are offered to charge the invoice now."""
    (row,) = await place.fetch("select id from invoice")
    (read,) = await as_customer(place, NOW, lambda transaction: transaction.run("invoices.by_id", key=row["id"]))
    return bool(read.is_retryable)


async def test_a_retry_is_offered_after_the_release_only(place: ImportPlace) -> None:
    await import_invoice(place)
    assert not await is_offered(place)
    await release(place)
    assert await is_offered(place)


@pytest.mark.parametrize("is_paid", [False, True])
async def test_the_next_release_clears_what_an_older_program_has_left_marked(place: ImportPlace, is_paid: bool) -> None:
    """It has emptied the ledger, and knew of no marks."""
    installment = {"externalId": "P1-1", "name": "1", "dueOn": "2027-01-01", "amount": 2_900}
    place.write_lines(
        **LINES,
        payment_schedules=[schedule(invoicing="PER_INSTALLMENT", installments=[installment])],
        invoices=[invoice(status="OPEN", collection="AUTOMATIC")],
    )
    await place.run()
    if is_paid:
        await place.fetch("update invoice set status = 'PAID', paid_minor = total_minor, paid_at = now()")
    await place.fetch("update import_record set on_release = null")
    await release(place)
    for table in ("invoice", "payment_schedule"):
        assert [row[0] for row in await place.fetch(f"select is_import_held from {table}")] == [False]


@pytest.mark.parametrize("name", ["the clock", "a payment"])
async def test_what_dunning_holds_is_not_lifted_before_the_release(place: ImportPlace, name: str) -> None:
    """Until then the ledger has the cause: the invoice itself is neither given up nor overdue."""
    unpaid = {"collection": "AUTOMATIC", "dunning": {"state": "GIVEN_UP", "failedAttempts": 0}, "dueOn": "2027-01-31"}
    place.write_lines(
        **LINES,
        subscriptions=[subscription(status="SUSPENDED", holds=["DUNNING"])],
        invoices=[invoice(status="OPEN", subscription="S1", issuedAt="2026-11-30T00:00:00Z", **unpaid)],
    )
    await place.run()
    if name == "the clock":
        await clock(place, NOW + timedelta(days=1))
    else:
        await as_customer(place, NOW, lambda transaction: dunning.lift_paid(transaction, by=system_writer(NOW, Numbering())))
    assert (await place.fetch("select holds from subscription"))[0][0] == ["DUNNING", "IMPORT"]
    assert await release(place) == []
    assert (await place.fetch("select holds from subscription"))[0][0] == ["DUNNING"]
