"""What is owed is defined once: one view of owed items, which totals, payments, the billing clock and dunning read."""

from pathlib import Path

from alembic import op

from db.migrations import run_script

revision = "0021"
down_revision = "0018"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0021_owed.sql"))
    # TEMPORARY
    s = Path(__file__).with_name("0014_saving.sql").read_text()
    s = s.replace("currency, reserved_minor, coupon_id, started_at", "currency, reserved_minor, account_minor, coupon_id, started_at").replace("coalesce(n.reserved_minor, 0), n.coupon_id", "coalesce(n.reserved_minor, 0), coalesce(n.account_minor, 0), n.coupon_id")
    op.get_bind().exec_driver_sql(s.replace("%", "%%"))
