"""Filters of pages: each field narrows the rows further; a field that is left out or null has no effect."""

import strawberry

from billing.states import (
    Ageing,
    BillingInterval,
    Collection,
    InstallmentStatus,
    InvoiceStatus,
    PaymentMethodKind,
    PaymentStatus,
    ScheduleStatus,
    SubscriptionStatus,
)
from schema.declarations.scalars import BigInt, CurrencyCode, DateTime


@strawberry.input(description="Narrows subscriptions.")
class SubscriptionFilter:
    status: list[SubscriptionStatus] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")
    plan_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="To this plan.")


@strawberry.input(description="Narrows payment schedules.")
class ScheduleFilter:
    status: list[ScheduleStatus] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")
    is_overdue: bool | None = strawberry.field(default=strawberry.UNSET, description="With, or without, an overdue installment.")


@strawberry.input(description="Narrows installments.")
class InstallmentFilter:
    status: list[InstallmentStatus] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")
    is_overdue: bool | None = strawberry.field(default=strawberry.UNSET, description="Overdue, or not.")


@strawberry.input(description="Narrows invoices.")
class InvoiceFilter:
    status: list[InvoiceStatus] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="In this currency.")
    is_overdue: bool | None = strawberry.field(default=strawberry.UNSET, description="Overdue, or not.")
    issued_from: DateTime | None = strawberry.field(default=strawberry.UNSET, description="Issued at this instant or later.")
    issued_before: DateTime | None = strawberry.field(default=strawberry.UNSET, description="Issued before this instant.")


@strawberry.input(description="Narrows credit notes.")
class CreditNoteFilter:
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="In this currency.")


@strawberry.input(description="Narrows payments.")
class PaymentFilter:
    status: list[PaymentStatus] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="In this currency.")
    created_from: DateTime | None = strawberry.field(default=strawberry.UNSET, description="Made at this instant or later.")
    created_before: DateTime | None = strawberry.field(default=strawberry.UNSET, description="Made before this instant.")


@strawberry.input(description="Narrows payment methods.")
class PaymentMethodFilter:
    kind: list[PaymentMethodKind] | None = strawberry.field(default=strawberry.UNSET, description="Of one of these kinds.")
    is_expired: bool | None = strawberry.field(default=strawberry.UNSET, description="Expired, or not.")


@strawberry.input(description="Narrows the ledger.")
class BalanceEntryFilter:
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="In this currency.")


@strawberry.input(description="Narrows open items.")
class OpenItemFilter:
    of_customer: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, name="customerId", description="Of this customer.")
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="In this currency.")
    ageing: list[Ageing] | None = strawberry.field(default=strawberry.UNSET, description="In one of these buckets.")
    collection: list[Collection] | None = strawberry.field(default=strawberry.UNSET, description="Collected in one of these ways.")
    minimum_minor: BigInt | None = strawberry.field(
        default=strawberry.UNSET, name="minimumMinorUnits", description="Of which at least this remains, in minor units. Meaningful with `currency`."
    )
    is_promised: bool | None = strawberry.field(default=strawberry.UNSET, description="With, or without, an open promise to pay.")


@strawberry.input(description="Narrows plans.")
class PlanFilter:
    currency: CurrencyCode | None = strawberry.field(default=strawberry.UNSET, description="With a price in this currency.")
    interval: BillingInterval | None = strawberry.field(default=strawberry.UNSET, description="With a price for this billing interval.")


@strawberry.input(description="Narrows items of the catalog.")
class CatalogFilter:
    code: str | None = strawberry.field(default=strawberry.UNSET, description="With this code.")
    is_archived: bool | None = strawberry.field(default=strawberry.UNSET, description="Archived, or not.")


@strawberry.input(description="Narrows prices of the catalog.")
class CatalogPriceFilter:
    code: str | None = strawberry.field(default=strawberry.UNSET, description="With this code.")
    plan_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Of this plan.")
    is_archived: bool | None = strawberry.field(default=strawberry.UNSET, description="Archived, or not.")


@strawberry.input(description="Narrows the audit trail.")
class AuditFilter:
    of_customer: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, name="customerId", description="About this customer.")


@strawberry.input(description="Narrows trusted documents.")
class DocumentFilter:
    of_client: str | None = strawberry.field(default=strawberry.UNSET, name="clientId", description="Of this app.")
    is_deprecated: bool | None = strawberry.field(default=strawberry.UNSET, description="Deprecated, or not.")
    is_retired: bool | None = strawberry.field(default=strawberry.UNSET, description="Retired, or not.")
