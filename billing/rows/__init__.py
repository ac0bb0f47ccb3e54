"""The rows of the portal, frozen values. Field for field they equal the columns of the `portal_…` view of the same noun."""

from billing.rows.attachments import Attachment, AttachmentObject, FileCount, LooseObject
from billing.rows.audit import OwedAccount, Violation
from billing.rows.contracts import Account, Contract, CouponOffer, Cover, Offer, TakenPlan
from billing.rows.customers import BalanceEntry, Customer, NextPayment, Owner, Summary, Total
from billing.rows.documents import DocumentSnapshot, DocumentTax
from billing.rows.identity import AuditEvent, Credential, IdentityLink, PortalSession, PresentedCredential, RefreshToken, SealedLetter
from billing.rows.money.credit_notes import CreditNote, CreditNoteLine
from billing.rows.money.invoices import Invoice, InvoiceLine
from billing.rows.money.operations import CancellationOption, Charge, ChargeAttempt, Claim, Collectable, Due, Forgotten, Operation, Written
from billing.rows.money.owed import (
    MethodReference,
    OwedInstallment,
    OwedInvoice,
    OwedItem,
    PaymentOwner,
    SavedMethod,
    StatementEntry,
    StatementExtent,
    StoredEvent,
)
from billing.rows.money.payments import Payment, PaymentAllocation, PaymentMethod
from billing.rows.money.refunds import RecordedRefund, Refund, RefundedInstallment, RefundedInvoice, RefundedPart, RefundedPayment, RefundNote, RefundSource
from billing.rows.money.schedules import Installment, PaymentSchedule
from billing.rows.partners import ApiClient, Budget, ClientAssertion, ClientCredential, PartnerGrant, RegistryId, RegistryStamp, StoredDocument, TrustedText
from billing.rows.passes import JobPass
from billing.rows.plans import Coupon, CouponRedemption, Plan, Price
from billing.rows.schema import Revision
from billing.rows.subscriptions import Subscription, SubscriptionEvent

__all__ = [
    "Account",
    "ApiClient",
    "Attachment",
    "AttachmentObject",
    "AuditEvent",
    "BalanceEntry",
    "Budget",
    "CancellationOption",
    "Charge",
    "ChargeAttempt",
    "Claim",
    "ClientAssertion",
    "ClientCredential",
    "Collectable",
    "Contract",
    "Coupon",
    "CouponOffer",
    "CouponRedemption",
    "Cover",
    "Credential",
    "CreditNote",
    "CreditNoteLine",
    "Customer",
    "DocumentSnapshot",
    "DocumentTax",
    "Due",
    "FileCount",
    "Forgotten",
    "IdentityLink",
    "Installment",
    "Invoice",
    "InvoiceLine",
    "JobPass",
    "LooseObject",
    "MethodReference",
    "NextPayment",
    "Offer",
    "Operation",
    "OwedAccount",
    "OwedInstallment",
    "OwedInvoice",
    "OwedItem",
    "Owner",
    "PartnerGrant",
    "Payment",
    "PaymentAllocation",
    "PaymentMethod",
    "PaymentOwner",
    "PaymentSchedule",
    "Plan",
    "PortalSession",
    "PresentedCredential",
    "Price",
    "RecordedRefund",
    "RefreshToken",
    "Refund",
    "RefundNote",
    "RefundSource",
    "RefundedInstallment",
    "RefundedInvoice",
    "RefundedPart",
    "RefundedPayment",
    "RegistryId",
    "RegistryStamp",
    "Revision",
    "SavedMethod",
    "SealedLetter",
    "StatementEntry",
    "StatementExtent",
    "StoredDocument",
    "StoredEvent",
    "Subscription",
    "SubscriptionEvent",
    "Summary",
    "TakenPlan",
    "Total",
    "TrustedText",
    "Violation",
    "Written",
]
