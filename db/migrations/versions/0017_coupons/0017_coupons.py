"""Coupon codes in one form, the coupon that runs on a subscription, free subscriptions, and totals in every currency."""

import logging
from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import run_script

revision = "0017"
down_revision = "0016"

logger = logging.getLogger("portico.migrate")


def upgrade() -> None:
    for part in ("coupons", "free", "totals"):
        run_script(Path(__file__).with_name(f"0017_{part}.sql"))
    for coupon in op.get_bind().execute(text("select id, code, former_code from coupon where not is_active and code <> coupon_code(former_code) order by id")):
        logger.warning("the coupon %s is inactive and has the code %s: in capitals, %r is the code of another one or cannot be stored", *coupon)
