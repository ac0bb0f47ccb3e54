"""What causes a letter about money causes exactly one, with exact amounts, whatever is killed, repeated or tried at once."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from auth.seal import Seal
from billing.money.dunning import RetryPolicy
from billing.money.refunds import Report
from billing.states import Actor, RefundReason
from db.blocks import blocks
from db.unit_of_work import Caller, Transaction, UnitOfWork
from jobs import composing
from jobs.clock import Billing, tick
from jobs.coming import LETTERS, ComingResult, note_coming
from jobs.composing import compose_due
from jobs.upkeep import forget
from mail.brand import Brand
from mail.letters import OPTIONAL, Letter
from payments.processor import ChargeResult, ChargeStatus
from resolvers.context import Letterhead
from resolvers.letters import SendResult
from resolvers.reads.facts import fetch_rows
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.payments.test_paying import invoice, pay
from tests.lifecycle.payments.test_refunds import record_refund, settled

SEAL = Seal("the tests' secret")
HEAD = Letterhead("The Portal", "https://portal.example", SEAL, Brand("#224466"))


class Killed(BaseException):
    """The end of a process."""


def system(life: Life) -> UnitOfWork:
    return UnitOfWork(life.database, Caller(None, Actor.SYSTEM, life.now), acquire_seconds=20)


async def compose(life: Life, head: Letterhead = HEAD) -> SendResult:
    session, done = system(life), SendResult()
    try:
        await compose_due(session, head, done)
    finally:
        await session.close()
    return done


async def written(life: Life, head: Letterhead = HEAD) -> dict[str, dict[str, Any]]:
    """Return the letters so far, by their kinds; there is at most one of each."""
    done = await compose(life, head)
    assert done.failures == 0
    rows = await life.rows("letter")
    assert max(Counter(row["kind"] for row in rows).values(), default=1) == 1
    return {row["kind"]: json.loads(SEAL.open(bytes(row["sealed"]), row["id"])) for row in rows}


async def forgotten(life: Life) -> None:
    await compose(life)
    await life.admin.execute("delete from letter where customer_id = $1", life.customer_id)


async def passed(life: Life, policy: RetryPolicy | None = None, **length: float) -> None:
    life.now += timedelta(**length)
    done = await tick(Billing(life.database, {"sandbox": life.sandbox}, policy or RetryPolicy(), letterhead=HEAD), life.now)
    assert done.failures == 0


async def coming(life: Life) -> dict[str, dict[str, Any]]:
    session, done = system(life), ComingResult()
    await note_coming(session, LETTERS, done=done)
    await session.close()
    assert done.failures == 0
    return await written(life)


async def test_what_is_paid_when_it_is_ordered_causes_a_receipt_alone(life: Life) -> None:
    await life.subscribe("storage")
    (letter,) = (letters := await written(life)).values()
    assert letters.keys() == {"receipt"}
    (payment,), (paid,) = await life.rows("payment"), await life.rows("invoice")
    amount = f"${payment['amount_minor'] // 100}.{payment['amount_minor'] % 100:02}"
    assert f"Amount paid: {amount}\nPaid on: January 31, 2027\nPayment method: Visa •••• 4242\nPaid for: {paid['number']}\n" in letter["text"]
    assert f"https://portal.example/payments/{payment['id']}" in letter["text"]
    assert (letter["to"], letter["subject"]) == (f"{life.customer_id}@example.com", "Your receipt from The Portal")
    assert amount in letter["html"]
    assert "#224466" in letter["html"]


async def test_a_renewal_causes_an_invoice_and_a_receipt_and_no_repetition_causes_more(life: Life) -> None:
    await life.subscribe("storage")
    await forgotten(life)
    await passed(life, days=28)
    letters = await written(life)
    assert letters.keys() == {"invoice_issued", "receipt"}
    renewal = (await life.rows("invoice", "and reason = 'RENEWAL'"))[0]
    assert letters["invoice_issued"]["subject"] == f"Your invoice {renewal['number']} from The Portal"
    assert f"Paid for: {renewal['number']}\n" in letters["receipt"]["text"]
    payment = max(await life.rows("payment"), key=lambda row: row["created_at"])
    for _ in range(2):  # an event that comes again
        await settled(life, payment["id"], ChargeResult(ChargeStatus.SUCCEEDED, payment["processor_reference"]))
    await passed(life)
    assert await written(life) == letters


async def test_an_invoice_says_what_is_due_and_how_it_is_paid(life: Life) -> None:
    await life.subscribe("storage")
    await life.admin.execute("update customer set locale = 'de-CH' where id = $1", life.customer_id)
    await forgotten(life)
    await passed(life, days=28)
    await life.admin.execute("delete from letter where customer_id = $1", life.customer_id)
    row = (await life.rows("invoice", "and reason = 'RENEWAL'"))[0]
    await life.admin.execute("update letter_cause set compose_at = written_at where customer_id = $1 and object_id = $2", life.customer_id, row["id"])
    text = (await written(life))["invoice_issued"]["text"]
    assert f"Rechnung: {row['number']}\nAusgestellt am: 28. Februar 2027\n" in text
    assert "Offener Betrag: $\u00a00.00\n" in text
    assert "Sie ist bezahlt" in text


async def test_unpaid_invoices_cause_a_letter_for_each_failed_try_and_one_for_the_hold(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.admin.execute("update payment_method set is_default = false where customer_id = $1", life.customer_id)
    await life.card("insufficient_funds")
    await forgotten(life)
    await passed(life, RetryPolicy((1,)), days=28)
    letters = await written(life)
    assert letters.keys() == {"invoice_issued", "payment_failed"}
    (unpaid,) = await life.rows("invoice", "and remaining_minor > 0")
    assert f"Amount: ${unpaid['remaining_minor'] / 100:.2f}\n\nWe will try again on March 1.\n" in letters["payment_failed"]["text"]
    await life.admin.execute("delete from letter where customer_id = $1", life.customer_id)
    await passed(life, RetryPolicy((1,)), days=1)
    letters = await written(life)
    assert letters.keys() == {"payment_failed", "on_hold"}
    assert "An invoice is unpaid. Once it is paid, the subscription continues." in letters["on_hold"]["text"]
    assert (await life.row(subscription))["status"] == "SUSPENDED"


async def test_a_hold_by_staff_causes_a_letter_for_each_hold(life: Life) -> None:
    """Staff write the cause in a transaction of their own scopes."""
    subscription = await life.subscribe("storage")
    await forgotten(life)
    for _ in range(2):
        await life.do("holdSubscription", STAFF, subscriptionId=subscription)
        letters = await written(life)
        assert letters.keys() == {"on_hold"}
        assert "If you have questions, please contact us." in letters["on_hold"]["text"]
        await life.do("holdSubscription", STAFF, subscriptionId=subscription)
        assert await written(life) == letters, "a second hold of the same kind changes nothing"
        await life.do("releaseSubscription", STAFF, subscriptionId=subscription)
        await forgotten(life)


async def test_what_customers_stop_themselves_causes_no_letter(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await forgotten(life)
    version = (await life.row(subscription))["version"]
    payload = await life.do("suspendSubscription", subscriptionId=subscription, expectedVersion=version)
    assert payload["userErrors"] == []
    assert await written(life) == {}


async def test_a_cancellation_is_confirmed_once_when_somebody_cancels(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await forgotten(life)
    assert (await life.do("cancelSubscription", subscriptionId=subscription, when="PERIOD_END"))["userErrors"] == []
    letters = await written(life)
    assert letters.keys() == {"cancellation"}
    ends_on = (await life.row(subscription))["pending_at"].astimezone(ZoneInfo("Europe/Zurich")).date()
    assert f"End: {ends_on:%B} {ends_on.day}, {ends_on.year}\n" in letters["cancellation"]["text"]
    assert "You can use it until then." in letters["cancellation"]["text"]
    await passed(life, RetryPolicy((1,)), days=40)
    assert (await life.row(subscription))["status"] == "CANCELED"
    assert (await written(life))["cancellation"] == letters["cancellation"], "its end causes no second letter"


async def test_a_cancellation_at_once_is_confirmed_and_one_that_is_withdrawn_is_not(life: Life) -> None:
    first, second = await life.subscribe("storage"), await life.subscribe("starter")
    await forgotten(life)
    assert (await life.do("cancelSubscription", STAFF, subscriptionId=first, when="NOW"))["userErrors"] == []
    assert (await life.do("cancelSubscription", subscriptionId=second, when="PERIOD_END"))["userErrors"] == []
    assert (await life.do("resumeSubscription", subscriptionId=second))["userErrors"] == []
    letters = await written(life)
    assert letters.keys() == {"cancellation"}
    assert "It has ended." in letters["cancellation"]["text"]
    assert first in letters["cancellation"]["text"]


async def test_of_several_cancellations_before_the_worker_comes_the_last_one_is_confirmed(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await forgotten(life)
    for mutation in ("cancelSubscription", "resumeSubscription", "cancelSubscription"):
        when = {"when": "PERIOD_END"} if mutation == "cancelSubscription" else {}
        assert (await life.do(mutation, subscriptionId=subscription, **when))["userErrors"] == []
        life.now += timedelta(seconds=1)
    assert (await life.do("cancelSubscription", subscriptionId=subscription, when="NOW"))["userErrors"] == []
    letters = await written(life)  # one of each kind at most
    assert letters.keys() == {"cancellation"}
    assert "It has ended." in letters["cancellation"]["text"]


async def test_an_order_whose_payment_fails_is_no_cancellation(life: Life) -> None:
    await life.card("declined")
    assert (await life.do("addPlan", priceId=price("storage")))["userErrors"] != []
    assert "cancellation" not in await written(life)


async def test_a_refund_causes_a_letter_and_its_credit_note_another(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    (payment,) = await life.rows("payment")
    await forgotten(life)
    for _ in range(2):
        await record_refund(life, payment["id"], Report("re_1", 2_500))
        letters = await written(life)
        assert letters.keys() == {"refund", "credit_note"}
    (paid,), (note,) = await life.rows("invoice"), await life.rows("credit_note")
    assert "Amount: $25.00\n" in letters["refund"]["text"]
    assert f"Was paid for: {paid['number']}\n" in letters["refund"]["text"]
    assert f"Credit note: {note['number']}\nCorrects invoice: {paid['number']}\nAmount: $25.00\nPaid back: $25.00\n" in letters["credit_note"]["text"]


async def test_what_a_bank_takes_back_causes_no_letter_about_a_refund(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    (payment,) = await life.rows("payment")
    await forgotten(life)
    await record_refund(life, payment["id"], Report("dp_1", 10_000, reason=RefundReason.DISPUTE))
    assert "refund" not in await written(life)


@pytest.mark.parametrize(
    ("zone", "first"), [("Pacific/Kiritimati", datetime(2027, 1, 30, 10, tzinfo=UTC)), ("Pacific/Pago_Pago", datetime(2027, 1, 31, 11, tzinfo=UTC))]
)
async def test_a_yearly_renewal_is_announced_from_14_days_before_it_in_the_customers_zone(life: Life, zone: str, first: datetime) -> None:
    """The renewal is at 09:00 UTC on 14 February: on the 13th in Pago Pago, and on the 14th in Kiritimati."""
    subscription = await life.subscribe("business", "YEAR")
    await life.admin.execute("update customer set time_zone = $2 where id = $1", life.customer_id, zone)
    renews_at = datetime(2027, 2, 14, 9, tzinfo=UTC)
    await life.admin.execute("update subscription set renews_at = $2, period_ends_at = $2 where id = $1", subscription, renews_at)
    await forgotten(life)
    expected = date(2027, 2, 14) if zone == "Pacific/Kiritimati" else date(2027, 2, 13)
    hour = first - timedelta(hours=3)
    while True:
        life.now = hour
        letters = await coming(life)
        if letters or hour > first + timedelta(days=3):
            break
        hour += timedelta(hours=1)
    assert letters.keys() == {"renewal_to_come"}
    row = await life.row(subscription)
    assert (
        f"Renews on: February {expected.day}, 2027\nAmount: ${row['renewal_minor'] // 100:,}.{row['renewal_minor'] % 100:02}\n"
        in letters["renewal_to_come"]["text"]
    )
    # The day in the zone is 14 days before, and had just begun or is that of the first pass.
    assert expected - timedelta(days=14) == (await life.admin.fetchval("select cast($1::timestamptz at time zone $2 as date)", hour, zone))
    life.now = renews_at - timedelta(minutes=1)
    assert await coming(life) == letters


async def test_after_days_without_a_worker_what_is_still_to_come_is_announced_and_nothing_past(life: Life) -> None:
    yearly = await life.subscribe("business", "YEAR")
    monthly = await life.subscribe("storage")
    await forgotten(life)
    life.now = (await life.row(yearly))["renews_at"] - timedelta(hours=2)
    assert (await coming(life)).keys() >= {"renewal_to_come"}
    await forgotten(life)
    life.now = (await life.row(monthly))["renews_at"] - timedelta(days=1)
    await life.admin.execute("update subscription set renews_at = $2 where id = $1", yearly, life.now - timedelta(minutes=1))
    assert "renewal_to_come" not in await coming(life)


async def test_the_end_of_a_trial_is_announced_once(life: Life) -> None:
    subscription = await life.subscribe("business", is_past_trial=False)
    row = await life.row(subscription)
    assert row["status"] == "TRIALING"
    life.now = row["trial_ends_at"] - timedelta(days=5)
    assert await coming(life) == {}
    life.now = row["trial_ends_at"] - timedelta(days=2)
    letters = await coming(life)
    assert letters.keys() == {"trial_ending"}
    assert f"Price from then on: ${row['renewal_minor'] // 100}.{row['renewal_minor'] % 100:02}\n" in letters["trial_ending"]["text"]
    life.now += timedelta(hours=1)
    assert await coming(life) == letters


async def test_a_card_that_expires_is_announced_where_something_is_billed_to_it(life: Life) -> None:
    await life.admin.execute("update payment_method set expires_on = '2027-02-28' where customer_id = $1", life.customer_id)
    assert await coming(life) == {}
    await life.subscribe("storage")
    await forgotten(life)
    letters = await coming(life)
    assert letters.keys() == {"card_expiring"}
    assert "Card: Visa •••• 4242\nValid until: February 2027\n" in letters["card_expiring"]["text"]
    life.now = datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert await coming(life) == letters
    # The same card with a new date is announced again in its time, and not at once.
    await forgotten(life)
    await life.admin.execute("update payment_method set expires_on = '2030-02-28' where customer_id = $1", life.customer_id)
    assert await coming(life) == {}


async def test_nothing_is_announced_that_the_customer_has_canceled(life: Life) -> None:
    subscription = await life.subscribe("business", "YEAR")
    version = (await life.row(subscription))["version"]
    payload = await life.do("cancelSubscription", subscriptionId=subscription, expectedVersion=version, when="PERIOD_END")
    assert payload["userErrors"] == []
    await forgotten(life)
    life.now = (await life.row(subscription))["period_ends_at"] - timedelta(days=3)
    assert "renewal_to_come" not in await coming(life)


@pytest.mark.parametrize("letter", [Letter.RECEIPT, Letter.INVOICE_ISSUED])
async def test_a_letter_that_is_switched_off_is_not_made_and_the_others_are(life: Life, letter: Letter) -> None:
    await life.subscribe("storage")
    await forgotten(life)
    await passed(life, days=28)
    head = Letterhead("The Portal", "https://portal.example", SEAL, off=frozenset({letter}))
    assert (await written(life, head)).keys() == {"receipt", "invoice_issued"} - {letter}
    assert (await written(life)).keys() == {"receipt", "invoice_issued"} - {letter}, "nor later"


async def test_with_all_switched_off_there_is_no_letter(life: Life) -> None:
    await life.subscribe("storage")
    assert await written(life, Letterhead("The Portal", "https://portal.example", SEAL, off=frozenset(OPTIONAL))) == {}


async def test_a_customer_who_is_closed_gets_no_letter(life: Life) -> None:
    """The column is added where the database does not have it, in a transaction that is rolled back."""
    await life.subscribe("storage")
    has_column = "select exists (select from information_schema.columns where table_name = 'customer' and column_name = 'closed_at')"
    transaction = life.admin.transaction()
    await transaction.start()
    if not await life.admin.fetchval(has_column):
        await life.admin.execute("alter table customer add column closed_at timestamptz")
    recipient = blocks()["letters.recipient"].sql.replace(":customer_id", "$1")
    before = await life.admin.fetchrow(recipient, life.customer_id)
    await life.admin.execute("update customer set closed_at = now() where id = $1", life.customer_id)
    after = await life.admin.fetchrow(recipient, life.customer_id)
    await transaction.rollback()
    assert (before["is_reachable"], after["is_reachable"]) == (True, False)


async def test_nobody_is_written_to_who_is_not_to_get_letters(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await life.subscribe("storage")
    read = blocks()["letters.recipient"]
    closed = replace(read, sql=read.sql.replace(" as is_reachable", " and false as is_reachable"))
    monkeypatch.setitem(blocks(), "letters.recipient", closed)
    assert await written(life) == {}
    assert [row["compose_at"] for row in await life.rows("letter_cause")] == [None]


async def test_every_scope_that_writes_what_causes_letters_writes_their_causes(life: Life) -> None:
    causing = "relation in ('invoice', 'credit_note', 'payment', 'refund', 'subscription_event')"
    rows = await life.admin.fetch(
        f"select distinct scope from staff_write where {causing} except select scope from staff_write where relation = 'letter_cause'"
    )
    assert rows == []
    assert await life.admin.fetchval(f"select count(*) from staff_write where {causing}") > 10


async def test_a_call_that_is_refused_causes_nothing(life: Life) -> None:
    await life.admin.execute("update payment_method set is_default = false where customer_id = $1", life.customer_id)
    await life.card("insufficient_funds")
    await life.do("addPlan", priceId=price("storage"))
    assert await life.rows("letter_cause") == []


async def test_several_who_make_letters_at_once_make_one(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    """All have read the same causes before one of them makes the first letter."""
    await life.subscribe("storage")
    have_read = asyncio.Barrier(5)

    async def read_together(session: UnitOfWork, block: str, **values: Any) -> list[Any]:
        rows = await fetch_rows(session, block, **values)
        await session.release()
        await have_read.wait()
        assert rows
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(composing, "fetch_rows", read_together)
        await asyncio.gather(*(compose(life) for _ in range(5)))
    assert (await written(life)).keys() == {"receipt"}


async def test_a_process_that_is_killed_at_any_statement_leaves_one_letter(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await life.subscribe("storage")
    run, is_whole, place = Transaction.run, False, 0
    while not is_whole:
        left = place

        async def killed(self: Transaction, name: str, /, **values: Any) -> Any:
            nonlocal left
            if name.startswith("letter"):
                left -= 1
                if left < 0:
                    raise Killed
            return await run(self, name, **values)

        with monkeypatch.context() as patch:
            patch.setattr(Transaction, "run", killed)
            try:
                await compose(life)
                is_whole = True
            except Killed:
                assert await life.rows("letter") == []
        place += 1
    assert place > 3
    assert (await written(life)).keys() == {"receipt"}


async def test_a_letter_that_cannot_be_made_is_tried_again_and_does_not_stop_the_others(life: Life) -> None:
    await life.subscribe("storage")
    await life.admin.execute("insert into letter_cause values ($1, 'no_such_letter', 'x', '', $2, 0, $2)", life.customer_id, life.now)
    assert (await compose(life)).failures == 1
    assert [row["kind"] for row in await life.rows("letter")] == ["receipt"]
    assert (await compose(life)).failures == 0, "not before a minute has passed"
    life.now += timedelta(minutes=2)
    assert (await compose(life)).failures == 1
    life.now += timedelta(days=1)
    await compose(life)
    assert (await life.rows("letter_cause", "and kind = 'no_such_letter'"))[0]["compose_at"] is None
    await life.admin.execute("delete from letter_cause where kind = 'no_such_letter'")


async def test_causes_are_forgotten_after_90_days_and_not_while_a_letter_is_to_be_made(life: Life) -> None:
    await life.subscribe("storage")
    await passed(life, days=0)
    await compose(life)
    await life.admin.execute("insert into letter_cause values ($1, 'receipt', 'x', '', $2, 0, $2)", life.customer_id, life.now)
    for days, left in ((89, 2), (91, 1)):
        await forget(system(life), now=life.now + timedelta(days=days), event_days=3650)
        assert len(await life.rows("letter_cause")) == left
