"""Charges on which a subscription's change depends: a new one begins, a pause ends, a plan changes; if the charge fails, nothing changes.

The processor may decide days after the call that began the charge: by a debit, or once the customer has confirmed it. Until then a new subscription is PENDING. When
the charge succeeds, a period begins at that instant, on the agreed terms; or it has begun with the order, and the charge pays its invoice (`ServiceBegins`).
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

# How much later a pause ends whose end could not be charged because the processor was unavailable.
RESUMES_AGAIN = timedelta(hours=1)

# The account's columns on which an amount depends, beside the offer.
AGREED = ("tax_rate_ppm", "percent_off_ppm", "amount_off_minor")


def order_rows(facts: SubscriptionFacts, payment_id: str, *, by: WriteContext) -> Changes:
    """Return the rows of a new subscription that waits for a payment. Its coupon is taken with the payment."""
    rows = rows_of(facts, start.ordered(facts, payment_id), by)
    rows.pop("taken_coupon", None)
    return rows


def agreed(facts: SubscriptionFacts, decision: Decision) -> dict[str, Any] | None:
    """Return the terms of a whole period, whenever it begins. None for a change of plan: its amounts are those of the instant of the decision."""
    if decision.bill is None or decision.bill.reason == "PLAN_CHANGE":
        return None
    return {"at": facts.now.isoformat(), "account": {name: getattr(facts.account, name) for name in AGREED}, "offer": asdict(facts.offer)}


async def paid(transaction: Transaction, charge: ChargeRow, *, by: WriteContext) -> Changes:
    """Return the changes of a successful charge. Raises DecisionOutdated where the subscription does not wait for it any more: the money then becomes credit."""
    planned: Changes = json.loads(charge.changes)
    if charge.pays_what_began:
        return issued({"collected": [{"id": charge.invoice_id, "paid_minor": planned["payment_allocation"][0]["amount_minor"]}]}, by=by)
    if charge.on_failure is not None or (charge.subscription_id is None and charge.ordered is None):
        return issued(planned, by=by)
    if charge.is_order_unwritten and charge.started_at == by.now:
        return issued(planned, by=by)
    contract = await _waiting_contract(transaction, charge, by=by)
    if charge.agreed is None:
        return issued(_rows_at_version(planned, contract), by=by)
    facts, decision = await _decided_again(transaction, charge, contract, by=by)
    return rows_of(facts, decision, _with_invoice_id(planned["invoice"][0]["id"], by), payment_id=charge.payment_id)


async def undecided(transaction: Transaction, charge: ChargeRow, result: ChargeResult, *, by: WriteContext) -> dict[str, Any]:
    """Write the order that waits for the charge, or begin its period if the processor has accepted the debit and the policy allows it. Return the call's answer for now."""
    if charge.on_failure is not None:
        return {"payment": charge.payment_id}
    if charge.pays_what_began:
        answer: dict[str, Any] = json.loads(charge.answer)
        return answer
    subscription_id = await _written_order(transaction, charge)
    answer = {"payment": charge.payment_id} | ({"subscription": subscription_id} if charge.mutation == "addPlan" else {})
    # Without a reference it is unknown whether the processor has received the charge.
    is_accepted = result.status is ChargeStatus.PROCESSING and result.processor_reference is not None
    if by.service_begins is not ServiceBegins.ORDER or not is_accepted or charge.agreed is None:
        return answer
    contract = await contract_of(transaction.run, subscription_id or "")
    return await _begin_on_account(transaction, charge, contract, by=by) if awaits(contract, charge.payment_id) else answer


async def failed(transaction: Transaction, charge: ChargeRow, result: ChargeResult, *, by: WriteContext) -> Changes:
    """Return the changes of a failed charge: the subscription no longer waits, and the coupon of the order is returned."""
    if charge.pays_what_began:
        return _reopened_invoice(charge)
    contract = await _locked_contract(transaction, charge)
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
    # A pause that should have ended by time, and whose next period could not be paid, lasts until the customer ends it.
    event = event_row(after, LifecycleEvent(SubscriptionEventKind.RESUME_FAILED), happened_at=by.now, by=by)
    return {"subscription": [row_of(replace(after, resumes_at=None))], "subscription_event": [event]}


async def unused(transaction: Transaction, charge: ChargeRow, *, by: WriteContext) -> Changes:
    """Return the changes of the subscription when the charge succeeded and cannot be used for it.

    A subscription on hold no longer waits: once it is released, its first period is paid with credit.
    """
    if charge.pays_what_began:
        return _reopened_invoice(charge)
    contract = await _locked_contract(transaction, charge)
    if contract is None:
        return _returned_coupons(charge)
    if contract.charging_payment_id != charge.payment_id:
        return {}
    if contract.status == "PENDING":
        return await _canceled(transaction, contract, note="The payment could not be used.", by=by)
    return {"subscription": [row_of(replace(contract, charging_payment_id=None, version=contract.version + 1))]}


def never_happened(result: ChargeResult) -> bool:
    """Return whether the charge was never made, as opposed to declined."""
    return result.decline_code in ("processor_unavailable", "never_arrived")


def issued(changes: Changes, *, by: WriteContext) -> Changes:
    """Return the planned changes with today's instants. Documents are issued and the balance is changed only now, because others were while the charge was pending."""
    for invoice in changes.get("invoice", ()):
        invoice |= unnumbered(invoice["id"], by=by)
    for note in changes.get("credit_note", ()):
        note |= unnumbered_note(note["id"], by=by)
    for row in (*changes.get("invoice", ()), *changes.get("collected", ())):
        row["paid_at"] = by.now
    for row in changes.get("balance_entry", ()):
        row["created_at"] = by.now
    return changes


async def _waiting_contract(transaction: Transaction, charge: ChargeRow, *, by: WriteContext) -> Contract:
    """Return the locked contract that waits for the charge. Raises DecisionOutdated where it does not wait any more."""
    subscription_id = await _written_order(transaction, charge)
    contract = await contract_of(transaction.run, subscription_id or "")
    if not awaits(contract, charge.payment_id):
        raise DecisionOutdated
    return contract


async def _written_order(transaction: Transaction, charge: ChargeRow) -> str | None:
    """Return the id of the subscription that the charge is for. Writes the order of a new one if it is not written yet."""
    if not charge.is_order_unwritten:
        return charge.subscription_id
    rows: Changes = json.loads(charge.ordered or "")
    subscription_id: str = rows["subscription"][0]["id"]
    await save(transaction, rows)
    await transaction.run("charges.note_order", key=charge.payment_id, subscription_id=subscription_id)
    return subscription_id


def _returned_coupons(charge: ChargeRow) -> Changes:
    return {"returned_coupon": [{"id": row["coupon_id"]} for row in json.loads(charge.changes).get("coupon_redemption", ())]}


async def _locked_contract(transaction: Transaction, charge: ChargeRow) -> Contract | None:
    return await contract_of(transaction.run, charge.subscription_id) if charge.subscription_id else None


async def _decided_again(transaction: Transaction, charge: ChargeRow, contract: Contract, *, by: WriteContext) -> tuple[SubscriptionFacts, Decision]:
    """Decide again, on the agreed terms. In the call that began the charge the period begins at the instant of its decision, else now.

    Raises DecisionOutdated should it cost another amount.
    """
    terms = json.loads(charge.agreed or "")
    at = datetime.fromisoformat(terms["at"]) if charge.started_at == by.now else by.now
    facts = _priced(await facts_of(transaction.run, replace(contract, charging_payment_id=None), now=at), terms, credit_minor=charge.reserved_minor)
    decision = _decision(facts)
    if decision.due_minor != json.loads(charge.changes)["payment_allocation"][0]["amount_minor"]:
        raise DecisionOutdated
    return facts, decision


def _priced(facts: SubscriptionFacts, terms: Mapping[str, Any], *, credit_minor: int) -> SubscriptionFacts:
    """Return the facts with the agreed prices, tax rate and coupon discount, and the reserved credit. Names that this version does not know are ignored."""
    names = {column.name for column in fields(Offer)}
    offer = replace(facts.offer, **{name: value for name, value in terms["offer"].items() if name in names})
    account = replace(facts.account, **{name: terms["account"][name] for name in AGREED}, balance_minor=credit_minor)
    return replace(facts, account=account, offers={**facts.offers, offer.price_id: offer})


def _decision(facts: SubscriptionFacts) -> Decision:
    contract = facts.contract
    if contract.status == "PENDING":
        return start.begin(replace(facts, contract=replace(contract, started_at=facts.now, anchor_at=facts.now)), is_waiting=True)
    return lift(facts, SuspendedBy.CUSTOMER, is_waiting=True) if contract.status == "SUSPENDED" else resumed(facts, is_waiting=True)


def _rows_at_version(planned: Changes, contract: Contract) -> Changes:
    """Return the rows of a decision at the contract's current version: the subscription may have been held and released since."""
    for row in planned["subscription"]:
        row |= {"version": contract.version + 1, "payment_method_id": contract.payment_method_id}
    return planned


def _with_invoice_id(invoice_id: str, by: WriteContext) -> WriteContext:
    """Return a write context whose invoice gets the id that the call's answer contains."""
    return replace(by, new_id=lambda prefix: invoice_id if prefix == "inv" else by.new_id(prefix))


async def _begin_on_account(transaction: Transaction, charge: ChargeRow, contract: Contract, *, by: WriteContext) -> dict[str, Any]:
    """Begin the period, and let the charge pay its invoice like any other. Return the answer of the call."""
    facts, decision = await _decided_again(transaction, charge, contract, by=by)
    answer: dict[str, Any] = json.loads(charge.answer)
    rows = rows_of(facts, decision, _with_invoice_id(answer["invoice"], by))
    invoice = rows["invoice"][0] = rows["invoice"][0] | {"status": "PROCESSING"}
    part = AllocationPart(invoice["id"], None, decision.due_minor)
    rows["payment_allocation"] = [allocation_row(contract.customer_id, charge.payment_id, part, contract.currency, by=by)]
    await save(transaction, rows)
    await transaction.run("charges.note_invoice", key=charge.payment_id, invoice_id=invoice["id"])
    return answer


def _reopened_invoice(charge: ChargeRow) -> Changes:
    """Return the change that reopens the invoice of a period that has begun. The billing clock then treats it like any other failed invoice."""
    return {"uncollected": [{"id": charge.invoice_id}]}


async def _canceled(transaction: Transaction, contract: Contract, *, note: str, by: WriteContext) -> Changes:
    facts = await facts_of(transaction.run, contract, now=by.now)
    rows = rows_of(facts, failed_order(facts, note=note), by)
    rows.pop("released_charge", None)
    return rows
