"""The rows of the portal, as frozen values. Their fields have the names of the columns of the `portal_…` view of the same noun."""

from billing.rows.attachments import AttachmentObject, AttachmentRow, FileCount, OrphanedObject
from billing.rows.audit import OwedAccount, Violation
from billing.rows.contracts import BillingAccount, Contract, CouponOffer, Cover, Offer, TakenPlanRow
from billing.rows.customers import BalanceEntryRow, CustomerRow, NextPaymentRow, Owner, SummaryRow, Total
from billing.rows.documents import DocumentSnapshotRow, DocumentTax
from billing.rows.identity import AuditEventRow, Credential, IdentityLink, PortalSessionRow, PresentedCredential, RefreshToken, SealedLetter
from billing.rows.money.credit_notes import CreditNoteLineRow, CreditNoteRow
from billing.rows.money.invoices import InvoiceLineRow, InvoiceRow
from billing.rows.money.operations import CancellationOptionRow, ChargeAttempt, ChargeRow, Collectable, DeletedCount, Due, KeyClaim, OperationRow, WrittenRow
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
from billing.rows.money.payments import PaymentAllocationRow, PaymentMethodRow, PaymentRow
from billing.rows.money.refunds import RecordedRefund, RefundedInstallment, RefundedInvoice, RefundedPart, RefundedPayment, RefundNote, RefundRow, RefundSource
from billing.rows.money.schedules import InstallmentRow, PaymentScheduleRow
from billing.rows.partners import (
    ApiClient,
    ClientAssertion,
    ClientCredential,
    CostBudget,
    PartnerGrant,
    PersistedDocumentRow,
    PersistedTextRow,
    RegistryId,
    RegistryStamp,
)
from billing.rows.passes import JobPass
from billing.rows.plans import CouponRedemptionRow, CouponRow, PlanRow, PriceRow
from billing.rows.schema import Revision
from billing.rows.subscriptions import SubscriptionEventRow, SubscriptionRow

__all__ = [
    "ApiClient",
    "AttachmentObject",
    "AttachmentRow",
    "AuditEventRow",
    "BalanceEntryRow",
    "BillingAccount",
    "CancellationOptionRow",
    "ChargeAttempt",
    "ChargeRow",
    "ClientAssertion",
    "ClientCredential",
    "Collectable",
    "Contract",
    "CostBudget",
    "CouponOffer",
    "CouponRedemptionRow",
    "CouponRow",
    "Cover",
    "Credential",
    "CreditNoteLineRow",
    "CreditNoteRow",
    "CustomerRow",
    "DeletedCount",
    "DocumentSnapshotRow",
    "DocumentTax",
    "Due",
    "FileCount",
    "IdentityLink",
    "InstallmentRow",
    "InvoiceLineRow",
    "InvoiceRow",
    "JobPass",
    "KeyClaim",
    "MethodReference",
    "NextPaymentRow",
    "Offer",
    "OperationRow",
    "OrphanedObject",
    "OwedAccount",
    "OwedInstallment",
    "OwedInvoice",
    "OwedItem",
    "Owner",
    "PartnerGrant",
    "PaymentAllocationRow",
    "PaymentMethodRow",
    "PaymentOwner",
    "PaymentRow",
    "PaymentScheduleRow",
    "PersistedDocumentRow",
    "PersistedTextRow",
    "PlanRow",
    "PortalSessionRow",
    "PresentedCredential",
    "PriceRow",
    "RecordedRefund",
    "RefreshToken",
    "RefundNote",
    "RefundRow",
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
    "StoredEvent",
    "SubscriptionEventRow",
    "SubscriptionRow",
    "SummaryRow",
    "TakenPlanRow",
    "Total",
    "Violation",
    "WrittenRow",
]
