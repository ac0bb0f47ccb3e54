"""Refunds and credit notes are rows: what went back of a payment, and what an invoice no longer asks for."""

from pathlib import Path

from db.migrations import run_script

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0018_refunds.sql"))
