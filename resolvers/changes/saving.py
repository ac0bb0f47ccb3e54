"""Writing the rows of a decision by the blocks `saving.…`, and the check that the rows were unchanged since the decision."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson

from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.changes.letter_causes import causes_of

Changes = dict[str, list[dict[str, Any]]]

# Kinds of rows that must be unchanged since the decision: the number of rows written must be the number expected.
COUNTED = {
    "subscription", "changed_subscription", "credit_note", "released", "attempted", "collected", "attempted_installment", "collected_installment", "collected_schedule",
    "voided", "written_off", "changed_schedule", "changed_installment", "canceled_installment", "deleted_installment", "invoiced_installment", "withdrawn_invoice",
    "extended", "extended_installment", "promised",
}  # fmt: skip

# Kinds written in a first statement: a credit note may be refused, and other rows refer to it.
EARLY = {"credit_note"}

# Kinds written in a second statement, after the ended ones: a subscription has at most one running coupon.
LATE = {"coupon_redemption"}
ENDED = {"changed_redemption", "withdrawn_redemption"}

# Kinds written by blocks of their own, which read the rows written before.
PLANS = {"taken_plan", "untaken_plan"}


class DecisionOutdated(Exception):
    """The rows have changed since the decision. Only a bug or a lost lock can cause this. Nothing is written."""


def merged(*parts: Changes) -> Changes:
    changes: Changes = defaultdict(list)
    for part in parts:
        for table, rows in part.items():
            changes[table] = [*changes[table], *rows]
    return changes


async def save(transaction: Transaction, changes: Changes) -> None:
    """Write the changes. Raises Refused if another customer has taken a coupon's last redemption meanwhile, or another order of the customer the trial of a plan."""
    more = {"document_snapshot": _snapshots(changes), "letter_cause": causes_of(changes), **_by_version(changes)}
    present = {kind: rows for kind, rows in (changes | more).items() if rows}
    late = LATE if present.keys() & ENDED else set()
    for kinds in (present.keys() & EARLY, present.keys() - EARLY - late - PLANS, present.keys() & late):
        if kinds:
            single = frozenset(kind for kind in kinds if len(present[kind]) == 1)
            _check_counts(present, await transaction.save(in_json({kind: present[kind] for kind in kinds}), single=single))
    await _save_plans(transaction, changes)
    for invoice in changes.get("invoice", ()):
        transaction.at_commit("invoices.issue_number", key=invoice["id"], **invoice["place"])
    for note in changes.get("credit_note", ()):
        transaction.at_commit("credit_notes.issue_number", key=note["id"], **note["place"])


def _by_version(changes: Changes) -> Changes:
    """Return the subscriptions that are new, in their first version, and those that change."""
    rows = changes.get("subscription", ())
    return {"subscription": [row for row in rows if row["version"] == 1], "changed_subscription": [row for row in rows if row["version"] > 1]}


def _snapshots(changes: Changes) -> list[dict[str, Any]]:
    """Return the issuer data of the documents that are issued now: invoices, credit notes, and receipts of settled payments.

    A row without an issuer is filled by the database.
    """
    settled = [row for kind in ("result", "payment") for row in changes.get(kind, ()) if row.get("settled_at")]
    documents = (*changes.get("invoice", ()), *changes.get("credit_note", ()), *settled)
    return [{"document_id": row["id"], **row["issuer"]} for row in documents if row.get("issuer")]


def _check_counts(changes: Changes, written: Mapping[str, int]) -> None:
    if "taken_coupon" in written and written["taken_coupon"] != len(changes["taken_coupon"]):
        raise Refused(ErrorCode.COUPON_INVALID, "This code cannot be used here.", "code")
    if any(written[kind] != len(changes[kind]) for kind in written.keys() & COUNTED):
        raise DecisionOutdated


async def _save_plans(transaction: Transaction, changes: Changes) -> None:
    """Write the taken plans. Called after the subscriptions are written, to which these rows refer."""
    for row in changes.get("untaken_plan", ()):
        await transaction.run("taken_plans.remove", **row)
    if plans := changes.get("taken_plan"):
        saved = await transaction.run("taken_plans.add", rows=as_json(plans))
        if sum(row.has_trial for row in saved) != sum(row["has_trial"] for row in plans):
            raise Refused(ErrorCode.PREVIEW_EXPIRED, "Another order has taken the trial of this plan. Preview again.", "priceId")


def in_json(changes: Changes) -> dict[str, str]:
    """Return the rows of each kind as JSON; instants and days as in `as_json`."""
    return {kind: orjson.dumps(rows).decode() for kind, rows in changes.items()}


def as_json(value: Any) -> str:
    return json.dumps(value, default=_text)


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
