"""Documents: what an e-invoice needs of the merchant in fields of its own, and the name of the customer's tax."""

from pathlib import Path

from db.migrations import run_script

revision = "0031"
down_revision = "0029"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0031_einvoices.sql"))
