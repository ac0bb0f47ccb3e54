"""What is shown is what the clock then does: renewals, resumes, trials' ends, pending changes and payments to come, and previews what the action then does."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from billing.money.dunning import HOUR, Ending, RetryPolicy
from db.pool import Database
from tests.conftest import Portal
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.models.histories import IS_LONG, Catalogue, History, Sent, for_sale

ZONE = ZoneInfo("Europe/Zurich")
# What instants are shown to.
MOMENT = timedelta(milliseconds=1)
HISTORIES = 300 if IS_LONG else 12
STEPS = 60 if IS_LONG else 20
# After so many steps it is looked whether what is shown comes to pass.
STRIDE = 3

FORECAST = """{ customer {
  summary { nextPayment { date kind amount { minorUnits } source { id } } }
  subscriptions(first: 50) { nodes { id status quantity startedAt trialEndsAt renewsAt resumesAt renewalAmount { minorUnits } price { id } currentPeriod { startsAt endsAt }
    pendingChange { kind effectiveAt quantity resumesAt price { id } } } } } }"""
PREVIEW = "query P($i: %s!) { %s(input: $i) { userErrors { code } preview { previewToken %s } } }"
OF_SUBSCRIPTION = """effectiveAt status invoiceTotal { minorUnits } creditUsed { minorUnits }
  amountDue { minorUnits } creditGranted { minorUnits } trialEndsAt renewsAt renewalAmount { minorUnits }
  lines { description quantity subtotal { minorUnits } discount { minorUnits } tax { minorUnits } total { minorUnits } startsAt endsAt }"""
PARTS = "parts { amount { minorUnits } invoice { id } installment { id } }"
# What previews of the mutations of staff about money say, each of its own type.
OF_MONEY = {
    "createInvoice": "total { minorUnits } tax { minorUnits } creditUsed { minorUnits } amountRemaining { minorUnits }",
    "creditInvoice": """total { minorUnits } tax { minorUnits } amountReleased { minorUnits } amountRefunded { minorUnits } amountToBalance { minorUnits }
      amountRemaining { minorUnits }""",
    "refundPayment": f"amount {{ minorUnits }} {PARTS}",
    "recordPayment": f"amount {{ minorUnits }} {PARTS} toAccount {{ minorUnits }} toBalance {{ minorUnits }}",
}
OF_ACCOUNT = {"toAccount": "PAYMENT", "toBalance": "OVERPAYMENT"}
# The mutations that were not refused in some history, and the histories that this process has run.
done_with_money: set[str] = set()
seeds: set[int] = set()
COUNTED = ("invoice", "payment", "credit_note", "refund", "refund_allocation", "payment_allocation", "balance_entry")
AFTER = (
    """query N($id: ID!) { node(id: $id) { ... on Subscription { status trialEndsAt renewsAt renewalAmount { minorUnits } pendingChange { effectiveAt } } } }"""
)

# What only the processor knows beforehand.
OF_PROCESSOR = {"PAYMENT_DECLINED", "PAYMENT_UNAVAILABLE"}


@dataclass(frozen=True)
class Forecast:
    """What the portal shows at an instant."""

    payment: dict[str, Any] | None
    subscriptions: dict[str, dict[str, Any]]

    def coming(self, charging: set[str]) -> dict[str, datetime]:
        """By subscription, the first instant at which something is to happen. While a charge decides over a subscription, nothing is known."""
        first = {}
        for identifier, node in self.subscriptions.items():
            pending = node["pendingChange"] or {"effectiveAt": None}
            instants = [node["startedAt"] if node["status"] == "SCHEDULED" else None, node["renewsAt"], node["resumesAt"], pending["effectiveAt"]]
            if identifier not in charging and (known := [at(one) for one in instants if one]):
                first[identifier] = min(known)
        return first


@dataclass(frozen=True)
class Written:
    """What stood in the database before a pass of the clock, and since."""

    before: dict[str, set[str]]
    rows: dict[str, list[asyncpg.Record]]

    def new(self, table: str, subscription: str) -> list[asyncpg.Record]:
        """Return the new rows of a subscription; invoices of its payment schedules are not among them."""
        rows = [row for row in self.rows[table] if row["id"] not in self.before[table]]
        return [row for row in rows if row["subscription_id"] == subscription and row.get("schedule_id") is None]


TABLES = ("invoice", "subscription_event")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
async def catalogue(owner: asyncpg.Connection) -> Catalogue:
    return await for_sale(owner)


async def read(life: Life) -> Forecast:
    customer = (await life.ask(FORECAST))["customer"]
    return Forecast(customer["summary"]["nextPayment"], {node["id"]: node for node in customer["subscriptions"]["nodes"]})


@asynccontextmanager
async def writing(life: Life) -> AsyncIterator[Written]:
    before = {table: {row["id"] for row in await life.rows(table)} for table in TABLES}
    written = Written(before, {})
    yield written
    written.rows.update({table: await life.rows(table) for table in TABLES})


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_what_is_shown_is_what_the_clock_then_does(seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue) -> None:
    async with living(portal, pool, owner) as life:
        history = History(life, Random(seed), catalogue, RetryPolicy(ending=Ending.NOTHING))
        await history.begin()
        for number in range(STEPS):
            await history.step()
            if number % STRIDE == 0:
                await history.settle()
                await _assert_that_it_happens(history)


async def _assert_that_it_happens(history: History) -> None:
    """Run the clock to a moment before the first instant that is shown: nothing happens. Then to that instant, or some days too late."""
    life = history.life
    charging = {row["id"] for row in await life.rows("subscription", "and charging_payment_id is not null")}
    forecast = await read(life)
    _assert_consistent(forecast, local_day(life.now), history.log)
    # The two places that know what a renewal costs: the rules, and the database for when the tax rate changes.
    differing = "select id, renewal_minor, renewal_of(s) from subscription s where customer_id = $1 and status <> 'CANCELED' and renewal_minor <> renewal_of(s)"
    assert await life.admin.fetch(differing, life.customer_id) == [], history.log
    coming = {identifier: instant for identifier, instant in forecast.coming(charging).items() if instant > life.now}
    if not coming or min(coming.values()) > life.now + timedelta(days=400):
        return
    instant = min(coming.values())
    is_late = history.chance.random() < 0.2
    async with writing(life) as written:
        life.now = instant - MOMENT
        await history.tick()
        unchanged = await read(life)
    history.log.append(f"a moment before {instant}")
    assert {name: rows for name, rows in unchanged.subscriptions.items() if name not in charging} == {
        name: rows for name, rows in forecast.subscriptions.items() if name not in charging
    }, history.log
    assert not [event for name in coming for event in written.new("subscription_event", name)], history.log
    async with writing(life) as written:
        life.now = instant + (timedelta(days=history.chance.randint(1, 3)) if is_late else timedelta(0))
        late = await read(life)
        await history.tick()
        after = await read(life)
    history.log.append(f"the clock at {life.now}")
    _assert_payment_comes(late.payment, written, history)
    if not is_late:
        for identifier in [identifier for identifier, due in coming.items() if due == instant]:
            await _assert_done(history, forecast.subscriptions[identifier], after.subscriptions[identifier], written)


def _assert_consistent(forecast: Forecast, today: date, log: list[str]) -> None:
    """The payment to come is that of the thing it names."""
    payment = forecast.payment
    if payment is None or payment["kind"] not in ("RENEWAL", "RESUME"):
        return
    node = forecast.subscriptions[payment["source"]["id"]]
    assert payment["amount"] == node["renewalAmount"], log
    due = node["renewsAt"]
    if node["status"] == "PAUSED":
        is_running = node["currentPeriod"] and at(node["currentPeriod"]["endsAt"]) > at(node["resumesAt"])
        assert payment["kind"] == ("RENEWAL" if is_running else "RESUME"), log
        due = node["currentPeriod"]["endsAt"] if is_running else node["resumesAt"]
    assert payment["date"] == str(max(local_day(at(due)), today)), (payment, node, log)


def _assert_payment_comes(payment: dict[str, Any] | None, written: Written, history: History) -> None:
    """What the clock invoices is announced for that day, except installments, which are invoiced ahead; and what is announced by a renewal comes."""
    today = str(local_day(history.life.now))
    new = [row for row in written.rows["invoice"] if row["id"] not in written.before["invoice"]]
    issued = [row for row in new if row["total_minor"] and row["schedule_id"] is None and not _follows_a_free_period(row, new)]
    if issued:
        assert payment is not None, history.log
        assert payment["date"] <= today, (payment, history.log)
    if payment and payment["kind"] == "RENEWAL" and payment["date"] == today:
        due = [row for row in issued if row["subscription_id"] == payment["source"]["id"]]
        first = min(due, key=lambda row: (row["issued_at"], row["period_starts_at"]), default=None)
        if first is not None:
            assert first["total_minor"] == int(payment["amount"]["minorUnits"]), (payment, history.log)


def _follows_a_free_period(invoice: asyncpg.Record, new: list[asyncpg.Record]) -> bool:
    """Whether a late clock billed a period that was free, in the same pass: only the next renewal is announced, and one that is free is not announced at all."""
    earlier = [row for row in new if row["subscription_id"] == invoice["subscription_id"] is not None and row["period_starts_at"] < invoice["period_starts_at"]]
    return any(row["total_minor"] == 0 for row in earlier)


async def _assert_done(history: History, before: dict[str, Any], after: dict[str, Any], written: Written) -> None:
    """Exactly what was shown: the same kind, amount and date."""
    instant, log = history.life.now, history.log
    invoices = [(row["period_starts_at"], row["total_minor"]) for row in written.new("invoice", before["id"])]
    kinds = [row["kind"] for row in written.new("subscription_event", before["id"])]
    bill = [(instant, int(before["renewalAmount"]["minorUnits"]))]
    pending = before["pendingChange"]
    if before["status"] == "SCHEDULED":
        is_trial = before["trialEndsAt"] is not None
        assert (after["status"], invoices) == (("TRIALING", []) if is_trial else ("ACTIVE", bill)), log
        return
    if pending and at(pending["effectiveAt"]) == instant and pending["kind"] != "PLAN":
        assert after["status"] == {"CANCEL": "CANCELED", "PAUSE": "PAUSED"}[pending["kind"]], log
        assert invoices == [], log
        assert after["resumesAt"] == pending["resumesAt"], log
        return
    if pending:
        assert (after["price"]["id"], after["quantity"], after["pendingChange"]) == (pending["price"]["id"], pending["quantity"], None), log
    if before["resumesAt"]:
        _assert_resumed(before, after, (invoices, bill, kinds), log)
    elif before["renewsAt"]:
        assert (after["status"], invoices) == ("ACTIVE", bill), log
    else:
        assert (after["status"], invoices) == (before["status"], []), log


def _assert_resumed(before: dict[str, Any], after: dict[str, Any], done: tuple[Any, Any, Any], log: list[str]) -> None:
    """Into the paid period, and nothing is charged; or a new period, which has to be paid first."""
    invoices, bill, kinds = done
    ends_at = before["currentPeriod"] and at(before["currentPeriod"]["endsAt"])
    if ends_at and ends_at > at(before["resumesAt"]):
        assert (after["status"], invoices, after["renewsAt"]) == ("ACTIVE", [], before["currentPeriod"]["endsAt"]), log
    elif invoices:
        assert (after["status"], invoices) == ("ACTIVE", bill), log
    elif "RESUME_FAILED" in kinds:
        assert (after["status"], after["resumesAt"]) == ("PAUSED", None), log
    else:
        # The processor thinks, or is away and asked again later.
        assert after["status"] == "PAUSED", log


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_an_installment_is_charged_on_the_day_and_over_the_amount_that_is_shown(
    seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue
) -> None:
    """Staff create, change and cancel schedules and the customer pays, between passes of the clock."""
    async with living(portal, pool, owner) as life:
        history = History(life, Random(3_000 + seed), catalogue, RetryPolicy((1, 3), ending=Ending.NOTHING))
        await history.send("createPaymentSchedule", collection="AUTOMATIC", invoicing=history.chance.choice(["COLLECTIVE", "PER_INSTALLMENT"]))
        for number in range(STEPS):
            await history.of_schedules()
            if number % STRIDE == 0:
                await history.settle()
                await _assert_that_it_is_charged(history)


async def _assert_that_it_is_charged(history: History) -> None:
    """Run the clock to a moment before `nextPayment`: nothing is charged. Then run it to the hour of the charge: exactly that amount is charged."""
    life = history.life
    payment = (await read(life)).payment
    automatic = {row["id"] for row in await life.rows("payment_schedule", "and collection = 'AUTOMATIC'")}
    installments = {row["id"]: row for row in await life.rows("installment")}
    if payment is None or payment["kind"] != "INSTALLMENT" or installments[payment["source"]["id"]]["schedule_id"] not in automatic:
        return
    charged_at = datetime.combine(date.fromisoformat(payment["date"]), HOUR, ZONE)
    if charged_at <= life.now:
        return
    before = await _clock_charges(life)
    life.now = charged_at - MOMENT
    await history.tick()
    assert await _clock_charges(life) == before, (payment, history.log)
    coming = (await read(life)).payment
    assert coming is not None
    assert coming["date"] == payment["date"], (payment, history.log)
    life.now = charged_at
    await history.tick()
    charges = sorted((await _clock_charges(life)) - before)
    assert int(coming["amount"]["minorUnits"]) in [minor for _, minor in charges], (coming, charges, history.log)


async def _clock_charges(life: Life) -> set[tuple[str, int]]:
    """The clock's charges, with their amounts; a charge on the account beside it is not of the installment."""
    rows = await life.admin.fetch(
        "select p.id, p.amount_minor - h.account_minor as minor from charge h join payment p on p.customer_id = h.customer_id and p.id = h.payment_id "
        "where h.customer_id = $1 and h.mutation is null",
        life.customer_id,
    )
    return {(row["id"], row["minor"]) for row in rows}


def local_day(instant: datetime) -> date:
    return instant.astimezone(ZONE).date()


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_a_preview_is_what_the_action_then_comes_to(seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue) -> None:
    async with living(portal, pool, owner) as life:
        history = History(life, Random(1_000 + seed), catalogue)
        await history.begin()
        previewed = [name for name in life.schema.mutation_type.fields if preview_of(name) in life.schema.query_type.fields]
        assert set(previewed) > OF_MONEY.keys() | {"pauseSubscription", "releaseSubscription"}
        for _ in range(STEPS):
            await history.step()
            await history.tick()
            await _previewed(history, history.chance.choice(previewed))


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_a_preview_of_staff_is_what_their_money_then_does(
    seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue
) -> None:
    async with living(portal, pool, owner) as life:
        history = History(life, Random(4_000 + seed), catalogue)
        await history.begin()
        for _ in range(STEPS // 2):
            await history.step()
            await history.tick()
            for mutation in OF_MONEY:
                await _previewed(history, mutation)
        done_with_money.update({line.split()[0] for line in history.log if line.endswith(" done")} & OF_MONEY.keys())
    seeds.add(seed)
    if len(seeds) == HISTORIES:
        assert done_with_money == OF_MONEY.keys()


def preview_of(mutation: str) -> str:
    return f"preview{mutation[0].upper()}{mutation[1:]}"


async def _previewed(history: History, mutation: str) -> None:
    life = history.life
    arguments = await (_arguments_of_money(history, mutation) if mutation in OF_MONEY else history.arguments(mutation))
    if arguments is None:
        return
    selected = OF_MONEY.get(mutation, OF_SUBSCRIPTION)
    text = PREVIEW % (f"{mutation[0].upper()}{mutation[1:]}Input", preview_of(mutation), selected)
    key = {"idempotencyKey": "-"}
    answer = (await life.ask(text, history.viewer(mutation), i=arguments | key))[preview_of(mutation)]
    codes = {error["code"] for error in answer["userErrors"]}
    token = {"previewToken": answer["preview"]["previewToken"]} if answer["preview"] and history.chance.random() < 0.5 else {}
    before = {table: {row["id"] for row in await life.rows(table)} for table in COUNTED}
    balance = await _balance(life)
    sent = await history.call(mutation, arguments | token)
    if sent.code in OF_PROCESSOR:
        assert not codes, (answer, history.log)
        return
    assert codes == ({sent.code} if sent.code else set()), (answer, history.log)
    if sent.code:
        return
    new = {table: [row for row in await life.rows(table) if row["id"] not in before[table]] for table in COUNTED}
    credited = await _balance(life) - balance
    if mutation in OF_MONEY:
        done = await _done_with_money(life, mutation, new, credited)
        assert done == {name: _minor(answer["preview"], name) for name in done}, (answer, history.log)
        return
    assert sum(row["amount_minor"] for row in new["payment"]) == int(answer["preview"]["amountDue"]["minorUnits"]), history.log
    if all(row["status"] == "SUCCEEDED" for row in new["payment"]):
        await _assert_as_previewed(history, sent, answer["preview"], (new["invoice"], credited))


async def _arguments_of_money(history: History, mutation: str) -> dict[str, Any] | None:
    """Return arguments of staff with an amount. A few of the amounts are more than there is, and some of the objects cannot be paid, credited or refunded."""
    chance, customer_id = history.chance, history.life.customer_id
    amount = {"amount": f"{chance.randint(1, 3_000) / 100:.2f}", "currency": "USD"}
    if mutation == "createInvoice":
        line = {"description": "By chance", "quantity": chance.randint(1, 3), "unitAmount": amount}
        return {"customerId": customer_id, "lines": [line] * chance.randint(1, 3), "collection": chance.choice(["AUTOMATIC", "MANUAL"])}
    target = {"creditInvoice": "invoiceId", "refundPayment": "paymentId"}.get(mutation) or chance.choice(["customerId", "invoiceId", "installmentId"])
    identifiers = [customer_id] if target == "customerId" else await history.identifiers(target)
    if not identifiers:
        return None
    named = {target: chance.choice(identifiers), "amount": amount}
    if mutation == "refundPayment" and chance.random() < 0.3:
        del named["amount"]
    return named | ({"kind": "CASH"} if mutation == "recordPayment" else {"reason": "GOODWILL"})


async def _done_with_money(life: Life, mutation: str, new: dict[str, list[asyncpg.Record]], credited: int) -> dict[str, Any]:
    """Return what was done, by the names of the preview."""
    if mutation == "createInvoice":
        (row,) = new["invoice"]
        return {"total": row["total_minor"], "tax": row["tax_minor"], "amountRemaining": row["remaining_minor"], "creditUsed": -credited}
    if mutation == "creditInvoice":
        (row,) = new["credit_note"]
        (invoice,) = await life.rows("invoice", f"and id = '{row['invoice_id']}'")
        amounts = {"amountReleased": row["released_minor"], "amountRefunded": row["refunded_minor"], "amountToBalance": credited}
        return amounts | {"total": row["total_minor"], "tax": row["tax_minor"], "amountRemaining": invoice["remaining_minor"]}
    if mutation == "refundPayment":
        (row,) = new["refund"]
        parts = {"parts": _parts_of(new["refund_allocation"])} if row["status"] == "SUCCEEDED" else {}
        return {"amount": row["amount_minor"]} | parts
    (row,) = new["payment"]
    entries = {name: sum(entry["amount_minor"] for entry in new["balance_entry"] if entry["kind"] == kind) for name, kind in OF_ACCOUNT.items()}
    # An invoice that is issued with the payment has no id in the preview.
    issued = {invoice["id"] for invoice in new["invoice"]}
    parts = [dict(part) | {"invoice_id": None if part["invoice_id"] in issued else part["invoice_id"]} for part in new["payment_allocation"]]
    return {"amount": row["amount_minor"], "parts": _parts_of(parts)} | entries


def _parts_of(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, str | None, str | None]]:
    return sorted(((row["amount_minor"], row["invoice_id"], row["installment_id"]) for row in rows), key=str)


def _minor(preview: dict[str, Any], name: str) -> Any:
    """Return an amount of a preview in minor units, or its parts as `_parts_of` does."""
    if name == "parts":
        parts = [(int(part["amount"]["minorUnits"]), *(part[kind] and part[kind]["id"] for kind in ("invoice", "installment"))) for part in preview["parts"]]
        return sorted(parts, key=str)
    return int(preview[name]["minorUnits"])


async def _assert_as_previewed(history: History, sent: Sent, preview: dict[str, Any], done: tuple[list[asyncpg.Record], int]) -> None:
    life, log = history.life, history.log
    node = (await life.ask(AFTER, id=sent.payload["subscription"]["id"]))["node"]
    assert {name: node[name] for name in ("status", "trialEndsAt", "renewsAt", "renewalAmount")} == {
        name: preview[name] for name in ("status", "trialEndsAt", "renewsAt", "renewalAmount")
    }, log
    if node["pendingChange"] and at(preview["effectiveAt"]) > life.now and sent.mutation in ("pauseSubscription", "cancelSubscription", "changePlan"):
        assert node["pendingChange"]["effectiveAt"] == preview["effectiveAt"], log
    invoices, credited = done
    assert credited == int(preview["creditGranted"]["minorUnits"]) - int(preview["creditUsed"]["minorUnits"]), log
    assert sum(row["total_minor"] for row in invoices) == int(preview["invoiceTotal"]["minorUnits"]), log
    lines = [row for one in invoices for row in await life.rows("invoice_line", f"and invoice_id = '{one['id']}'")]
    names = ("subtotal", "discount", "tax", "total")
    expected = [
        (line["description"], line["quantity"], *(int(line[name]["minorUnits"]) for name in names), at(line["startsAt"]), at(line["endsAt"]))
        for line in preview["lines"]
    ]
    assert [
        (
            row["description"],
            row["quantity"],
            *(row[f"{name}_minor"] for name in names),
            _milliseconds(row["period_starts_at"]),
            _milliseconds(row["period_ends_at"]),
        )
        for row in sorted(lines, key=lambda row: row["position"])
    ] == expected, log


async def _balance(life: Life) -> int:
    return sum(row["amount_minor"] for row in await life.rows("balance_entry"))


def _milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1_000 * 1_000)
