"""PostGraphile's answer in Portico's form: amounts from minor units, instants with milliseconds, and a placeholder for its own cursors."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from billing.money.money import decimal_text

DOCUMENT = Path(__file__).with_suffix(".graphql").read_text(encoding="utf-8")
Json = dict[str, Any]

# The placeholder of a cursor. Cursors are opaque; the comparison is whether both answers have one.
CURSOR = "a cursor"


def normalised(answer: Json) -> Json:
    me = answer["data"]["customer"]
    if me is None:
        return answer
    totals = me["totals"]["nodes"]
    summary = {
        "id": f"sum_{me['id'][-26:]}",
        **{name: [_money(row, column) for row in totals] for name, column in TOTALS.items()},
        **me["summary"],
        "lastPayment": next(map(_last_payment, me["lastPayment"]["nodes"]), None),
        "nextPayment": next(map(_next_payment, me["nextPayment"]["nodes"]), None),
    }
    customer = {
        "id": me["id"],
        "name": me["name"],
        "summary": summary,
        "subscriptions": _page(me["subscriptions"], _subscription),
        "paymentSchedules": _page(me["paymentSchedules"], _schedule),
        "payments": _page(me["payments"], _payment),
        "paymentMethods": me["paymentMethods"],
    }
    return {"data": {"customer": customer}}


def without_cursors(answer: Json) -> Json:
    """Return Portico's answer with placeholders for its cursors, and without `payable`, for which there is no view that PostGraphile could read."""
    customer = answer["data"]["customer"]
    if customer:
        customer = {**customer, "summary": {name: value for name, value in customer["summary"].items() if name != "payable"}}
    pages = {name: _page(page, lambda node: node) if "pageInfo" in page else page for name, page in customer.items() if isinstance(page, dict)}
    return {"data": {"customer": {**customer, **pages}}}


SOURCES = {"INSTALLMENT": "Installment", "RETRY": "Invoice"}
TOTALS = {"balance": "balanceMinor", "totalDue": "dueMinor", "totalOverdue": "overdueMinor", "processing": "processingMinor"}


def _page(page: Json, node: Any) -> Json:
    info = page["pageInfo"]
    return {"nodes": [node(item) for item in page["nodes"]], "pageInfo": {**info, "endCursor": info["endCursor"] and CURSOR}}


def _money(row: Json, column: str = "amountMinor") -> Json:
    return {"amount": decimal_text(int(row[column]), row["currency"]), "currency": row["currency"]}


def _instant(text: str | None) -> str | None:
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _last_payment(row: Json) -> Json:
    return {"id": row["id"], "status": row["status"], "settledAt": _instant(row["settledAt"]), "amount": _money(row), "methodSnapshot": _snapshot(row)}


def _next_payment(row: Json) -> Json:
    source = {"__typename": SOURCES.get(row["kind"], "Subscription"), "id": row["sourceId"]}
    return {"date": row["dueOn"], "kind": row["kind"], "amount": _money(row), "source": source}


def _subscription(row: Json) -> Json:
    same = {name: row[name] for name in ("id", "status", "suspendedBy", "hasOverdue", "quantity", "plan")}
    return {**same, "renewsAt": _instant(row["renewsAt"]), "renewalAmount": _money(row, "renewalMinor"), "pendingChange": _pending_change(row)}


def _pending_change(row: Json) -> Json | None:
    if row["pendingKind"] is None:
        return None
    return {
        "kind": row["pendingKind"], "effectiveAt": _instant(row["pendingAt"]), "quantity": row["pendingQuantity"], "resumesAt": _instant(row["pendingResumesAt"]),
        "plan": row["pendingPlan"], "price": row["pendingPrice"] and _price(row["pendingPrice"]),
    }  # fmt: skip


def _price(row: Json) -> Json:
    return {"id": row["id"], "unitAmount": _money(row, "unitMinor"), "interval": row["billingInterval"], "intervalCount": row["intervalCount"]}


def _schedule(row: Json) -> Json:
    following = next(map(_installment, row["installments"]["nodes"]), None)
    same = {name: row[name] for name in ("id", "name", "status", "isOverdue")}
    return {**same, "total": _money(row, "totalMinor"), "remaining": _money(row, "remainingMinor"), "nextInstallment": following}


def _installment(row: Json) -> Json:
    same = {name: row[name] for name in ("id", "name", "dueOn", "isOverdue")}
    return {**same, "remaining": _money(row, "remainingMinor")}


def _payment(row: Json) -> Json:
    allocations = [{"amount": _money(item), "invoice": item["invoice"]} for item in row["allocations"]["nodes"]]
    return {
        "id": row["id"], "status": row["status"], "createdAt": _instant(row["createdAt"]), "amount": _money(row),
        "methodSnapshot": _snapshot(row), "allocations": allocations,
    }  # fmt: skip


def _snapshot(row: Json) -> Json:
    return {"kind": row["methodKind"], "brand": row["methodBrand"], "last4": row["methodLast4"]}
