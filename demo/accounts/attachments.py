"""Files on an invoice or a payment schedule."""

from datetime import datetime
from hashlib import sha256

from demo.records.account import DemoAccount
from demo.records.contents import content
from demo.records.rows import SeedAttachment, SeedInvoice, SeedPaymentSchedule

CONTENT_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}
STAFF = "support@portico.example"


def attach(
    account: DemoAccount, parent: SeedInvoice | SeedPaymentSchedule, file_name: str, *, at: datetime, uploaded_by: str = "CUSTOMER", status: str = "STORED"
) -> None:
    identifier = account.id("att", at)
    group = account.id("grp", at)
    size = 2_000 + account.random.randrange(20_000, 4_000_000) // 100
    account.add(
        SeedAttachment(
            customer_id=account.customer.id,
            id=identifier,
            invoice_id=parent.id if isinstance(parent, SeedInvoice) else None,
            schedule_id=parent.id if isinstance(parent, SeedPaymentSchedule) else None,
            group_id=group,
            file_name=file_name,
            content_type=CONTENT_TYPES[file_name.rpartition(".")[2]],
            size_bytes=size,
            sha256=sha256(content(identifier, file_name, size)).hexdigest(),
            object_key=f"customer/{account.customer.id}/{identifier}",
            status=status,
            uploaded_by=uploaded_by,
            uploader=account.customer.id if uploaded_by == "CUSTOMER" else STAFF,
            uploaded_at=at,
        )
    )
