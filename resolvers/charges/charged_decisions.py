"""A charge that decides what becomes of a subscription: a new one begins, a pause ends, a plan changes; or nothing does, if it fails.

The processor may decide days after the call that began the charge, by a debit, or when the customer has confirmed it. Until then a new subscription is PENDING. When
the money is there, a period begins at that instant, for what was agreed; or it has begun with the order, and the charge pays its invoice (`ServiceBegins`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from typing import Any

from billing.lifecycle import start
from billing.lifecycle.facts import Decision, LifecycleEvent, SubscriptionFacts, never_began
from billing.lifecycle.resume import lift, resumed
from billing.lifecycle.service import ServiceBegins
from billing.lifecycle.stops import awaits, failed_order
from billing.money.allocation import AllocationPart
from billing.rows.contracts import Contract, Offer
from billing.rows.money.operations import ChargeRow
from billing.states import SubscriptionEventKind, SuspendedBy
from db.unit_of_work import Transaction
from payments.processor import ChargeResult, ChargeStatus
from resolvers.changes.credit_notes import unnumbered_note
from resolvers.changes.saving import Changes, DecisionOutdated, save
from resolvers.changes.writing import WriteContext, allocation_row, event_row, row_of, rows_of, unnumbered
from resolvers.reads.facts import contract as contract_of
from resolvers.reads.facts import facts_of

# When a pause whose end could not be paid for, because the processor was away, ends instead.
RESUMES_AGAIN = timedelta(hours=1)

# What an amount depends on, beside the offer.
AGREED = ("tax_rate_ppm", "percent_off_ppm", "amount_off_minor")


def order_rows(facts: SubscriptionFacts, payment_id: str, *, by: WriteContext) -> Changes:
    """The rows of a new subscription that waits for a payment. Its coupon has been taken with the payment."""
    rows = rows_of(facts, start.ordered(facts, payment_id), by)
    rows.pop("taken_coupon", None)
    return rows


def agreed(facts: SubscriptionFacts, decision: Decision) -> dict[str, Any] | None:
    """What a whole period costs, whenever it begins. None for a change of plan: its amounts are those of the instant at which it was decided."""
    if decision.bill is None or decision.bill.reason == "PLAN_CHANGE":
        return None
    return {"at": facts.now.isoformat(), "account": {name: getattr(facts.account, name) for name in AGREED}, "offer": asdict(facts.offer)}


async def paid(transaction: Transaction, charge: ChargeRow, *, by: WriteContext) -> Changes:
    """What is written when the money is there. Raises DecisionOutdated where the subscription does not wait for it any more: then it is the customer's."""
    planned: Changes = json.loads(charge.changes)
    if charge.pays_what_began:
        return issued({"collected": [{"id": charge.invoice_id, "paid_minor": planned["payment_allocation"][0]["amount_minor"]}]}, by=by)
    if charge.on_failure is not None or (charge.subscription_id is None and charge.ordered is None):
        return issued(planned, by=by)
    if charge.is_order_unwritten and charge.started_at == by.now:
        return issued(planned, by=by)
    contract = await _waiting(transaction, charge, by=by)
    if charge.agreed is None:
        return issued(_again(planned, contract), by=by)
    facts, decision = await _begun(transaction, charge, contract, by=by)
    return rows_of(facts, decision, _naming(planned["invoice"][0]["id"], by), payment_id=charge.payment_id)


async def undecided(transaction: Transaction, charge: ChargeRow, result: ChargeResult, *, by: WriteContext) -> dict[str, Any]:
    """Write the order that waits for the charge, or begin its period if the processor has accepted the debit and that is enough. What the call answers meanwhile."""
    if charge.on_failure is not None:
        return {"payment": charge.payment_id}
    if charge.pays_what_began:
        answer: dict[str, Any] = json.loads(charge.answer)
        return answer
    subscription_id = await _noted(transaction, charge)
    answer = {"payment": charge.payment_id} | ({"subscription": subscription_id} if charge.mutation == "addPlan" else {})
    # Without a reference nobody knows whether the processor has heard of it.
    is_accepted = result.status is ChargeStatus.PROCESSING and result.processor_reference is not None
    if by.service_begins is not ServiceBegins.ORDER or not is_accepted or charge.agreed is None:
        return answer
    contract = await contract_of(transaction.run, subscription_id or "", is_locked=True)
    return await _begin_on_account(transaction, charge, contract, by=by) if awaits(contract, charge.payment_id) else answer


async def failed(transaction: Transaction, charge: ChargeRow, result: ChargeResult, *, by: WriteContext) -> Changes:
    """Everything as before: the subscription no longer waits, and a coupon that came with it is free again."""
    if charge.pays_what_began:
        return _open_again(charge)
    contract = await _known(transaction, charge)
    if contract is None:
        return _returned_coupons(charge)
    if contract.charging_payment_id != charge.payment_id:
        return {}
    if never_began(contract):
        note = "The payment could not be made." if never_happened(result) else f"The payment failed: {result.decline_code or 'declined'}."
        return await _canceled(transaction, contract, note=note, by=by)
    after = replace(contract, charging_payment_id=None, version=contract.version + 1)
    if charge.key is not None or contract.status != "PAUSED":
        return {"subscription": [row_of(after)]}
    if never_happened(result):
        return {"subscription": [row_of(replace(after, resumes_at=by.now + RESUMES_AGAIN))]}
    # A pause that should have ended by itself, and could not be paid for, stays a pause until the customer ends it.
    event = event_row(after, LifecycleEvent(SubscriptionEventKind.RESUME_FAILED), happened_at=by.now, by=by)
    return {"subscription": [row_of(replace(after, resumes_at=None))], "subscription_event": [event]}


async def unused(transaction: Transaction, charge: ChargeRow, *, by: WriteContext) -> Changes:
    """What becomes of the subscription when the money came and is not used for it. Held, it no longer waits: once it is released, its first period is paid with credit."""
    if charge.pays_what_began:
        return _open_again(charge)
    contract = await _known(transaction, charge)
    if contract is None:
        return _returned_coupons(charge)
    if contract.charging_payment_id != charge.payment_id:
        return {}
    if contract.status == "PENDING":
        return await _canceled(transaction, contract, note="The payment could not be used.", by=by)
    return {"subscription": [row_of(replace(contract, charging_payment_id=None, version=contract.version + 1))]}


def never_happened(result: ChargeResult) -> bool:
    """Nobody was asked for money, so nobody declined."""
    return result.decline_code in ("processor_unavailable", "never_arrived")


def issued(changes: Changes, *, by: WriteContext) -> Changes:
    """What was decided, paid now. Invoices and credit notes are issued and the balance is moved only here: others were, while the processor thought."""
    for invoice in changes.get("invoice", ()):
        invoice |= unnumbered(invoice["id"], by=by)
    for note in changes.get("credit_note", ()):
        note |= unnumbered_note(note["id"], by=by)
    for row in (*changes.get("invoice", ()), *changes.get("collected", ())):
        row["paid_at"] = by.now
    for row in changes.get("balance_entry", ()):
        row["created_at"] = by.now
    return changes


async def _waiting(transaction: Transaction, charge: ChargeRow, *, by: WriteContext) -> Contract:
    """Raises DecisionOutdated where it does not wait any more."""
    subscription_id = await _noted(transaction, charge)
    contract = await contract_of(transaction.run, subscription_id or "", is_locked=True)
    if not awaits(contract, charge.payment_id):
        raise DecisionOutdated
    return contract


async def _noted(transaction: Transaction, charge: ChargeRow) -> str | None:
    """The subscription that the charge decides about; a new one is written if it is not yet."""
    if not charge.is_order_unwritten:
        return charge.subscription_id
    rows: Changes = json.loads(charge.ordered or "")
    subscription_id: str = rows["subscription"][0]["id"]
    await save(transaction, rows)
    await transaction.run("charges.note_order", key=charge.payment_id, subscription_id=subscription_id)
    return subscription_id


def _returned_coupons(charge: ChargeRow) -> Changes:
    return {"returned_coupon": [{"id": row["coupon_id"]} for row in json.loads(charge.changes).get("coupon_redemption", ())]}


async def _known(transaction: Transaction, charge: ChargeRow) -> Contract | None:
    return await contract_of(transaction.run, charge.subscription_id, is_locked=True) if charge.subscription_id else None


async def _begun(transaction: Transaction, charge: ChargeRow, contract: Contract, *, by: WriteContext) -> tuple[SubscriptionFacts, Decision]:
    """Decided again, for what was agreed. In the call that began the charge it begins when the call decided it, else now. Raises DecisionOutdated should it cost another amount."""
    terms = json.loads(charge.agreed or "")
    at = datetime.fromisoformat(terms["at"]) if charge.started_at == by.now else by.now
    facts = _priced(await facts_of(transaction.run, replace(contract, charging_payment_id=None), now=at), terms, credit_minor=charge.reserved_minor)
    decision = _decision(facts)
    if decision.due_minor != json.loads(charge.changes)["payment_allocation"][0]["amount_minor"]:
        raise DecisionOutdated
    return facts, decision


def _priced(facts: SubscriptionFacts, terms: Mapping[str, Any], *, credit_minor: int) -> SubscriptionFacts:
    """Prices, the tax rate and what a coupon takes off as they were agreed, and as much credit as was set aside. Names that this version does not know are passed over."""
    names = {column.name for column in fields(Offer)}
    offer = replace(facts.offer, **{name: value for name, value in terms["offer"].items() if name in names})
    account = replace(facts.account, **{name: terms["account"][name] for name in AGREED}, balance_minor=credit_minor)
    return replace(facts, account=account, offers={**facts.offers, offer.price_id: offer})


def _decision(facts: SubscriptionFacts) -> Decision:
    contract = facts.contract
    if contract.status == "PENDING":
        return start.begin(replace(facts, contract=replace(contract, started_at=facts.now, anchor_at=facts.now)), is_waiting=True)
    return lift(facts, SuspendedBy.CUSTOMER, is_waiting=True) if contract.status == "SUSPENDED" else resumed(facts, is_waiting=True)


def _again(planned: Changes, contract: Contract) -> Changes:
    """The rows of a decision for a subscription that has been held and released since."""
    for row in planned["subscription"]:
        row |= {"version": contract.version + 1, "payment_method_id": contract.payment_method_id}
    return planned


def _naming(invoice_id: str, by: WriteContext) -> WriteContext:
    """The invoice has the id that the call's answer names."""
    return replace(by, new_id=lambda prefix: invoice_id if prefix == "inv" else by.new_id(prefix))


async def _begin_on_account(transaction: Transaction, charge: ChargeRow, contract: Contract, *, by: WriteContext) -> dict[str, Any]:
    """The period begins, and the charge pays its invoice like any other. The answer of the call."""
    facts, decision = await _begun(transaction, charge, contract, by=by)
    answer: dict[str, Any] = json.loads(charge.answer)
    rows = rows_of(facts, decision, _naming(answer["invoice"], by))
    invoice = rows["invoice"][0] = rows["invoice"][0] | {"status": "PROCESSING"}
    part = AllocationPart(invoice["id"], None, decision.due_minor)
    rows["payment_allocation"] = [allocation_row(contract.customer_id, charge.payment_id, part, contract.currency, by=by)]
    await save(transaction, rows)
    await transaction.run("charges.note_invoice", key=charge.payment_id, invoice_id=invoice["id"])
    return answer


def _open_again(charge: ChargeRow) -> Changes:
    """The invoice of a period that has begun is open again; what the clock does about that is decided like after any other of its charges."""
    return {"uncollected": [{"id": charge.invoice_id}]}


async def _canceled(transaction: Transaction, contract: Contract, *, note: str, by: WriteContext) -> Changes:
    facts = await facts_of(transaction.run, contract, now=by.now)
    rows = rows_of(facts, failed_order(facts, note=note), by)
    rows.pop("released_charge", None)
    return rows
