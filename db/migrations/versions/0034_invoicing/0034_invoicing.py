"""The merchant's side of invoices and money: staff issue, void, write off and credit invoices, refund payments, and record money that no processor took."""

from pathlib import Path

from db.migrations import run_script

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    for part in ("documents", "refunds", "views"):
        run_script(Path(__file__).with_name(f"0034_{part}.sql"))
