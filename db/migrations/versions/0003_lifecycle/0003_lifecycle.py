"""Subscription actions: idempotent calls, charges that decide, the billing clock, retention offers, and the job queue."""

from pathlib import Path

from db.migrations import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0003_lifecycle.sql"))
    run_script(Path(__file__).with_name("0003_pgqueuer.sql"))
