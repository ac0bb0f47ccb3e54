"""Outgoing webhooks: endpoints of the merchant's programs, the deliveries of events to them, and the attempts of each delivery."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import run_script

revision = "0041"
down_revision = "0040"

IS_COMMITTED = text("select to_regclass('portico.webhook_endpoint') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("webhooks", "delivering"):
            run_script(Path(__file__).with_name(f"0041_{part}.sql"))
