"""The plan of a line of a subscription. What is not canceled is held by the import; the running period counts as paid."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.rows.contracts import CouponOffer, Offer
from billing.states import SuspendedBy
from imports.planning.anchors import anchor_of, checked_anchor
from imports.planning.drafts import LedgerRecord, LineAction, LineOutcome, PlanDraft, instant
from imports.planning.renewals import renewal_minor
from imports.reading.staging import ImportLine
from imports.reasons import ImportReason, LineFault

RUNNING = ("TRIALING", "ACTIVE")


@dataclass(frozen=True, slots=True)
class SubscriptionDates:
    """The instants of a line, in UTC."""

    started_at: datetime
    trial_ends_at: datetime | None
    period_starts_at: datetime | None
    period_ends_at: datetime | None
    zone: str


def plan_subscription(draft: PlanDraft, line: ImportLine, record: LedgerRecord | None) -> LineOutcome:
    """Create the subscription, or change it while the import holds it. Raises LineFault."""
    held = _held(draft, record)
    offer = _offer(draft, line.content["price"], "price")
    row = _row(draft, line, offer)
    coupon = _coupon(draft, line, offer)
    row["renewal_minor"] = _renewal(draft, row, coupon, line)
    outcome = LineOutcome(line, LineAction.CREATE if held is None else LineAction.UPDATE, row["id"], notes=_notes(draft, row))
    if held is not None:
        _change(draft, row, held, record)
        outcome.target_id = row["id"]
    else:
        draft.rows["imported_subscription"].append(row)
        _history(draft, row)
    if row["status"] != "CANCELED" or row["period_starts_at"] is not None:
        draft.rows["imported_taken_plan"].append(_taken(draft, row))
    if coupon:
        _redeem(draft, row, coupon, line.content["coupon"])
    return outcome


def _held(draft: PlanDraft, record: LedgerRecord | None) -> int | None:
    """Return the version of a subscription that was imported before and may be changed; None for a new one. Raises LineFault."""
    if record is None or record.target_id is None:
        return None
    version, _, is_held = draft.state.subscriptions.get(record.target_id, (0, "", False))
    if not is_held:
        raise LineFault(ImportReason.ALREADY_RELEASED)
    return version


def _offer(draft: PlanDraft, code: str, field: str) -> Offer:
    offer = draft.catalog.prices.get(code)
    if offer is None:
        raise LineFault(ImportReason.UNKNOWN_PRICE, field, f"There is no price {code}.")
    if offer.currency != draft.owner().currency:
        raise LineFault(ImportReason.CURRENCY_MISMATCH, field, f"The price is in {offer.currency}, and the customer is billed in {draft.owner().currency}.")
    return offer


def _row(draft: PlanDraft, line: ImportLine, offer: Offer) -> dict[str, Any]:
    content, now = line.content, draft.policy.now
    status = content.get("status", "ACTIVE")
    dates = _dates(content, content.get("timeZone") or draft.owner().time_zone, status)
    _check_dates(dates, status, now)
    return {
        "id": draft.new_id("sub"),
        "plan_id": offer.plan_id,
        "price_id": offer.price_id,
        "currency": offer.currency,
        "quantity": content.get("quantity", 1),
        "started_at": dates.started_at,
        "trial_ends_at": dates.trial_ends_at,
        "period_starts_at": dates.period_starts_at,
        "period_ends_at": dates.period_ends_at,
        "anchor_at": _anchor(content, dates, offer, status),
        "billing_zone": dates.zone,
        "payment_method_id": draft.target("payment_methods", content.get("paymentMethod"), "paymentMethod"),
        "created_at": min(instant(content, "createdAt", dates.zone) or dates.started_at, now),
        "external_id": line.external_id,
        "metadata": content.get("metadata", {}),
        **_state(content, dates, status, now),
        **_pending(draft, content, dates, status),
    }


def _dates(content: dict[str, Any], zone: str, status: str) -> SubscriptionDates:
    started_at, trial = instant(content, "startedAt", zone), instant(content, "trialEndsAt", zone)
    starts, ends = instant(content, "periodStartsAt", zone), instant(content, "periodEndsAt", zone)
    if status == "TRIALING":
        starts, ends = starts or started_at, ends or trial
    if started_at is None:
        raise LineFault(ImportReason.MISSING_FIELD, "startedAt")
    return SubscriptionDates(started_at, trial, None if status == "SCHEDULED" else starts, None if status == "SCHEDULED" else ends, zone)


def _check_dates(dates: SubscriptionDates, status: str, now: datetime) -> None:
    """Check the order of the dates, and that what runs is not over. Raises LineFault."""
    starts, ends = dates.period_starts_at, dates.period_ends_at
    if (starts is None) != (ends is None) or (starts is None and status not in ("SCHEDULED", "CANCELED")):
        raise LineFault(ImportReason.INVALID_PERIOD, "periodEndsAt" if ends is None else "periodStartsAt", "The period has a start and an end.")
    if starts is not None and ends is not None and not dates.started_at <= starts < ends:
        raise LineFault(ImportReason.INVALID_PERIOD, "periodStartsAt", "The subscription begins first, then its period, which then ends.")
    if status == "SCHEDULED" and dates.started_at <= now:
        raise LineFault(ImportReason.PERIOD_LAPSED, "startedAt")
    if status == "TRIALING" and (dates.trial_ends_at is None or dates.trial_ends_at != ends):
        raise LineFault(ImportReason.INVALID_PERIOD, "trialEndsAt", "The period of a trial ends when the trial does.")
    if status in RUNNING and ends is not None and ends <= now:
        raise LineFault(ImportReason.PERIOD_LAPSED, "periodEndsAt")
    if status in RUNNING and starts is not None and starts > now:
        raise LineFault(ImportReason.INVALID_PERIOD, "periodStartsAt", "The running period has begun.")


def _anchor(content: dict[str, Any], dates: SubscriptionDates, offer: Offer, status: str) -> datetime:
    anchor_at = instant(content, "anchorAt", dates.zone)
    if dates.period_ends_at is None or status == "TRIALING":
        return anchor_at or dates.trial_ends_at or dates.started_at
    if anchor_at is not None:
        return checked_anchor(anchor_at, dates.period_ends_at, offer, dates.zone) if status == "ACTIVE" else anchor_at
    evidence = [each for each in (dates.period_starts_at, dates.trial_ends_at, dates.started_at) if each is not None]
    try:
        return anchor_of(dates.period_ends_at, evidence, content.get("anchorDay"), offer, dates.zone)
    except LineFault:
        if status == "ACTIVE":
            raise
        return dates.period_ends_at  # A subscription that does not run renews from the day on which it is resumed.


def _state(content: dict[str, Any], dates: SubscriptionDates, status: str, now: datetime) -> dict[str, Any]:
    """Return the columns of the state. What is paused or suspended in the source is so again after the release. Raises LineFault."""
    if status == "CANCELED":
        canceled_at = instant(content, "canceledAt", dates.zone)
        if canceled_at is None or canceled_at > now:
            raise LineFault(ImportReason.INVALID_PERIOD, "canceledAt", "What is canceled ended at an instant in the past.")
        reasons = {"cancel_reason": content.get("cancelReason"), "cancel_comment": content.get("cancelComment")}
        return {"status": status, "holds": [], "canceled_at": canceled_at, **reasons}
    holds = content.get("holds") or (["MERCHANT"] if status == "SUSPENDED" else [])
    paused_at = (instant(content, "pausedAt", dates.zone) or dates.period_starts_at) if status == "PAUSED" else instant(content, "pausedAt", dates.zone)
    resumes_at = instant(content, "resumesAt", dates.zone) if paused_at else None
    if resumes_at is not None and resumes_at <= now:
        raise LineFault(ImportReason.PERIOD_LAPSED, "resumesAt")
    suspended_at = (instant(content, "suspendedAt", dates.zone) if holds else None) or now
    return {
        "status": "SUSPENDED",
        "holds": [*holds, SuspendedBy.IMPORT],
        "suspended_by": SuspendedBy.IMPORT,
        "suspended_at": min(suspended_at, now),
        "paused_at": paused_at,
        "resumes_at": resumes_at,
    }


def _pending(draft: PlanDraft, content: dict[str, Any], dates: SubscriptionDates, status: str) -> dict[str, Any]:
    """Return the columns of a pending change. Raises LineFault."""
    kind = content.get("pendingChange")
    if kind is None:
        return {}
    at = instant(content, "pendingAt", dates.zone) or dates.period_ends_at
    if status not in (*RUNNING, "SUSPENDED") or at is None or at <= draft.policy.now:
        raise LineFault(ImportReason.INVALID_PERIOD, "pendingChange", "Only what runs has a pending change, at an instant in the future.")
    columns: dict[str, Any] = {"pending_kind": kind, "pending_at": at}
    if kind == "PAUSE":
        resumes_at = instant(content, "pendingResumesAt", dates.zone)
        if resumes_at is not None and resumes_at <= at:
            raise LineFault(ImportReason.INVALID_PERIOD, "pendingResumesAt")
        return columns | {"pending_resumes_at": resumes_at}
    if kind == "PLAN":
        if "pendingPrice" not in content:
            raise LineFault(ImportReason.MISSING_FIELD, "pendingPrice")
        offer = _offer(draft, content["pendingPrice"], "pendingPrice")
        quantity = content.get("pendingQuantity", content.get("quantity", 1))
        return columns | {"pending_price_id": offer.price_id, "pending_plan_id": offer.plan_id, "pending_quantity": quantity}
    reasons = {"cancel_reason": content.get("cancelReason"), "cancel_comment": content.get("cancelComment")}
    return columns | reasons


def _coupon(draft: PlanDraft, line: ImportLine, offer: Offer) -> CouponOffer | None:
    content = line.content.get("coupon")
    if content is None or line.content.get("status") == "CANCELED":
        return None
    coupon = draft.catalog.coupons.get(content["code"].upper())
    if coupon is None:
        raise LineFault(ImportReason.UNKNOWN_COUPON, "coupon.code")
    if coupon.currency not in (None, offer.currency):
        raise LineFault(ImportReason.CURRENCY_MISMATCH, "coupon.code")
    return coupon


def _periods_left(coupon: CouponOffer, content: dict[str, Any]) -> int | None:
    periods: int | None = content.get("periodsLeft")
    return periods if periods is not None else {"ONCE": 0, "REPEATING": coupon.duration_periods}.get(coupon.duration)


def _renewal(draft: PlanDraft, row: dict[str, Any], coupon: CouponOffer | None, line: ImportLine) -> int:
    price = draft.catalog.by_id[row.get("pending_price_id") or row["price_id"]]
    is_lasting = coupon is not None and _periods_left(coupon, line.content["coupon"]) != 0
    present = draft.catalog.by_id.get(price.moves_to or "") if row["period_starts_at"] is not None else None
    quantity = row.get("pending_quantity") or row["quantity"]
    return renewal_minor(present or price, quantity, draft.owner().tax_rate_ppm, coupon if is_lasting else None)


def _change(draft: PlanDraft, row: dict[str, Any], version: int, record: LedgerRecord | None) -> None:
    row["id"], row["version"] = record.target_id if record else row["id"], version
    draft.rows["imported_subscription_change"].append(row)
    draft.rows["imported_redemption_end"].append({"subscription_id": row["id"], "ended_at": draft.policy.now})


def _history(draft: PlanDraft, row: dict[str, Any]) -> None:
    """Add the events of the subscription's history: its order, and its hold or its end."""
    last = ("CANCELED", "", row["canceled_at"]) if row["status"] == "CANCELED" else ("HELD", SuspendedBy.IMPORT.value, draft.policy.now)
    for kind, note, happened_at in (("CREATED", "", row["created_at"]), last):
        event = {"id": draft.new_id("evt"), "subscription_id": row["id"], "kind": kind, "actor": "SYSTEM", "client": "import", "note": note}
        draft.rows["subscription_event"].append(event | {"happened_at": happened_at})


def _taken(draft: PlanDraft, row: dict[str, Any]) -> dict[str, Any]:
    has_trial = row["trial_ends_at"] is not None and row["plan_id"] not in draft.trials
    if has_trial:
        draft.trials.add(row["plan_id"])
    return {"plan_id": row["plan_id"], "subscription_id": row["id"], "has_trial": has_trial, "taken_at": row["created_at"]}


def _redeem(draft: PlanDraft, row: dict[str, Any], coupon: CouponOffer, content: dict[str, Any]) -> None:
    redemption = {
        "id": draft.new_id("red"),
        "coupon_id": coupon.id,
        "subscription_id": row["id"],
        "redeemed_at": min(instant(content, "redeemedAt", row["billing_zone"]) or row["started_at"], draft.policy.now),
        "periods_left": _periods_left(coupon, content),
        "used_until": instant(content, "usedUntil", row["billing_zone"]) or row["period_ends_at"],
    }
    draft.rows["coupon_redemption"].append(redemption)
    draft.rows["imported_coupon_use"].append({"id": coupon.id})


def _notes(draft: PlanDraft, row: dict[str, Any]) -> list[ImportReason]:
    if row["status"] == "CANCELED":
        return []
    notes = [ImportReason.SECOND_OF_PLAN] if row["plan_id"] in draft.plans else []
    draft.plans.add(row["plan_id"])
    has_method = row["payment_method_id"] or draft.owner().has_default_method
    return notes if has_method or not row["renewal_minor"] else [*notes, ImportReason.NO_METHOD]
