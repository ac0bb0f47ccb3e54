"""Invoices and installments say what `payInvoice` and `payInstallment` would charge."""

from pathlib import Path

from db.migrations import run_script

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0064_payable_documents.sql"))
