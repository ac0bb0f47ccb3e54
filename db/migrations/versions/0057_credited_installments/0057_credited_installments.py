"""A credit note that lowers an invoice lowers the installments that the invoice is for, whoever issues it."""

from pathlib import Path

from db.migrations import run_script

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    for script in ("0057_lowering.sql", "0057_backfill.sql"):
        run_script(Path(__file__).with_name(script))
