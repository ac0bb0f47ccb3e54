"""The part of Portico's schema that the Summary page selects, as plain Strawberry types: annotated classes, resolvers, a dataloader per relation."""

from datetime import UTC, date, datetime
from typing import Any, NewType, Self

import strawberry
from strawberry.types import Info as StrawberryInfo

from bench.peers.strawberry.reads import Context, Row, cursor
from billing.lifecycle.actions import Action
from billing.money.money import decimal_text
from billing.refusals import ErrorCode
from billing.states import (
    BillingInterval,
    InvoiceStatus,
    NextPaymentKind,
    PaymentMethodKind,
    PaymentStatus,
    PendingChangeKind,
    ScheduleStatus,
    SubscriptionStatus,
    SuspendedBy,
)

CurrencyCode = NewType("CurrencyCode", str)
Decimal = NewType("Decimal", str)
DateTime = NewType("DateTime", datetime)
Date = NewType("Date", date)

SCALARS: dict[object, Any] = {
    CurrencyCode: strawberry.scalar(name="CurrencyCode", serialize=str, parse_value=str),
    Decimal: strawberry.scalar(name="Decimal", serialize=str, parse_value=str),
    DateTime: strawberry.scalar(
        name="DateTime",
        serialize=lambda value: value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z",
        parse_value=datetime.fromisoformat,
    ),
    Date: strawberry.scalar(name="Date", serialize=date.isoformat, parse_value=date.fromisoformat),
}

for kind in (
    SubscriptionStatus,
    SuspendedBy,
    PendingChangeKind,
    BillingInterval,
    ScheduleStatus,
    InvoiceStatus,
    PaymentStatus,
    PaymentMethodKind,
    NextPaymentKind,
    Action,
    ErrorCode,
):
    strawberry.enum(kind)

Info = StrawberryInfo[Context, None]


@strawberry.interface
class Node:
    id: strawberry.ID

    @classmethod
    def known_by(cls, identifier: str) -> Self:
        """Return an object without a read, for a selection of only its type and id."""
        node = cls.__new__(cls)
        node.id = strawberry.ID(identifier)
        return node


@strawberry.type
class Money:
    amount: Decimal
    currency: CurrencyCode


def money(row: Row, column: str = "amount_minor") -> Money:
    return Money(amount=Decimal(decimal_text(row[column], row["currency"])), currency=row["currency"])


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


def page_info(rows: list[Row], first: int) -> PageInfo:
    """Return the PageInfo from rows that include one more than the page."""
    return PageInfo(has_next_page=len(rows) > first, end_cursor=cursor(rows[:first][-1]) if rows else None)


@strawberry.type
class Plan(Node):
    name: str


@strawberry.type
class Price(Node):
    unit_amount: Money
    interval: BillingInterval
    interval_count: int


@strawberry.type
class Invoice(Node):
    number: str
    status: InvoiceStatus


@strawberry.type
class PendingChange:
    kind: PendingChangeKind
    effective_at: DateTime
    quantity: int | None
    resumes_at: DateTime | None
    plan_id: strawberry.Private[str | None]
    price_id: strawberry.Private[str | None]

    @strawberry.field
    async def plan(self, info: Info) -> Plan | None:
        row = await info.context.loaders.plan.load(self.plan_id) if self.plan_id else None
        return Plan(id=row["id"], name=row["name"]) if row else None

    @strawberry.field
    async def price(self, info: Info) -> Price | None:
        row = await info.context.loaders.price.load(self.price_id) if self.price_id else None
        return price(row) if row else None

    @classmethod
    def of(cls, row: Row) -> "PendingChange | None":
        kind = row["pending_kind"]
        if kind is None:
            return None
        return cls(
            kind=PendingChangeKind(kind),
            effective_at=row["pending_at"],
            quantity=row["pending_quantity"],
            resumes_at=row["pending_resumes_at"],
            plan_id=row["pending_plan_id"],
            price_id=row["pending_price_id"],
        )


def price(row: Row) -> Price:
    interval = BillingInterval(row["billing_interval"])
    return Price(id=row["id"], unit_amount=money(row, "unit_minor"), interval=interval, interval_count=row["interval_count"])


@strawberry.type
class Subscription(Node):
    status: SubscriptionStatus
    suspended_by: SuspendedBy | None
    has_overdue: bool
    quantity: int
    renews_at: DateTime | None
    renewal_amount: Money
    pending_change: PendingChange | None
    plan_id: strawberry.Private[str]

    @strawberry.field
    async def plan(self, info: Info) -> Plan:
        row = await info.context.loaders.plan.load(self.plan_id)
        return Plan(id=row["id"], name=row["name"])

    @classmethod
    def of(cls, row: Row) -> "Subscription":
        suspended_by = row["suspended_by"]
        return cls(
            id=row["id"],
            status=SubscriptionStatus(row["status"]),
            suspended_by=SuspendedBy(suspended_by) if suspended_by else None,
            has_overdue=row["has_overdue"],
            quantity=row["quantity"],
            renews_at=row["renews_at"],
            renewal_amount=money(row, "renewal_minor"),
            pending_change=PendingChange.of(row),
            plan_id=row["plan_id"],
        )


@strawberry.type
class SubscriptionConnection:
    nodes: list[Subscription]
    page_info: PageInfo


@strawberry.type
class Installment(Node):
    name: str
    due_on: Date
    is_overdue: bool
    remaining: Money

    @classmethod
    def of(cls, row: Row) -> "Installment":
        return cls(id=row["id"], name=row["name"], due_on=row["due_on"], is_overdue=row["is_overdue"], remaining=money(row, "remaining_minor"))


@strawberry.type
class PaymentSchedule(Node):
    name: str
    status: ScheduleStatus
    is_overdue: bool
    total: Money
    remaining: Money

    @strawberry.field
    async def next_installment(self, info: Info) -> Installment | None:
        row = await info.context.loaders.next_installment.load(self.id)
        return Installment.of(row) if row else None

    @classmethod
    def of(cls, row: Row) -> "PaymentSchedule":
        return cls(
            id=row["id"],
            name=row["name"],
            status=ScheduleStatus(row["status"]),
            is_overdue=row["is_overdue"],
            total=money(row, "total_minor"),
            remaining=money(row, "remaining_minor"),
        )


@strawberry.type
class PaymentScheduleConnection:
    nodes: list[PaymentSchedule]
    page_info: PageInfo


@strawberry.type
class PaymentMethodSnapshot:
    kind: PaymentMethodKind
    brand: str | None
    last4: str | None


@strawberry.type
class PaymentAllocation:
    amount: Money
    invoice_id: strawberry.Private[str | None]

    @strawberry.field
    async def invoice(self, info: Info) -> Invoice | None:
        row = await info.context.loaders.invoice.load(self.invoice_id) if self.invoice_id else None
        return Invoice(id=row["id"], number=row["number"], status=InvoiceStatus(row["status"])) if row else None


@strawberry.type
class Payment(Node):
    status: PaymentStatus
    created_at: DateTime
    settled_at: DateTime | None
    amount: Money
    method_snapshot: PaymentMethodSnapshot

    @strawberry.field
    async def allocations(self, info: Info) -> list[PaymentAllocation]:
        return [PaymentAllocation(amount=money(row), invoice_id=row["invoice_id"]) for row in await info.context.loaders.allocations.load(self.id)]

    @classmethod
    def of(cls, row: Row) -> "Payment":
        return cls(
            id=row["id"],
            status=PaymentStatus(row["status"]),
            created_at=row["created_at"],
            settled_at=row["settled_at"],
            amount=money(row),
            method_snapshot=PaymentMethodSnapshot(kind=PaymentMethodKind(row["method_kind"]), brand=row["method_brand"], last4=row["method_last4"]),
        )


@strawberry.type
class PaymentConnection:
    nodes: list[Payment]
    page_info: PageInfo


@strawberry.input
class SubscriptionFilter:
    status: list[SubscriptionStatus] | None = None


@strawberry.input
class ScheduleFilter:
    status: list[ScheduleStatus] | None = None
