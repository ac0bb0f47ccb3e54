"""Lazy references to the object types, so that the modules of the schema can name each other's types in any order of import."""

from typing import Annotated, Any

import strawberry


def _noun(name: str, module: str) -> Any:
    return Annotated[name, strawberry.lazy(f"schema.types.{module}")]


Attachable = _noun("Attachable", "attachments")
Attachment = _noun("Attachment", "attachments")
BalanceEntry = _noun("BalanceEntry", "customers")
Coupon = _noun("Coupon", "coupons")
AppliedCoupon = _noun("AppliedCoupon", "coupons")
CreditNote = _noun("CreditNote", "credit_notes")
CreditNoteLine = _noun("CreditNoteLine", "credit_notes")
Customer = _noun("Customer", "customers")
CatalogCancellationOption = _noun("CatalogCancellationOption", "plans")
DataExport = _noun("DataExport", "customers")
Event = _noun("Event", "events")
Grant = _noun("Grant", "viewer")
Installment = _noun("Installment", "schedules")
Invoice = _noun("Invoice", "invoices")
InvoiceLine = _noun("InvoiceLine", "invoices")
MoneyType = _noun("Money", "money")
Payment = _noun("Payment", "payments")
PaymentAllocation = _noun("PaymentAllocation", "payments")
PaymentMethod = _noun("PaymentMethod", "payment_methods")
PaymentSchedule = _noun("PaymentSchedule", "schedules")
Plan = _noun("Plan", "plans")
PortalSession = _noun("PortalSession", "viewer")
Price = _noun("Price", "plans")
Refund = _noun("Refund", "payments")
Subscription = _noun("Subscription", "subscriptions")
SubscriptionEvent = _noun("SubscriptionEvent", "subscriptions")
