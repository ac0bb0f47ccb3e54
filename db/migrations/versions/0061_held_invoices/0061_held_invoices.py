"""The billing clock and dunning leave an invoice that an import holds to the system that it came from, whatever happens to its payments."""

from pathlib import Path

from db.migrations import run_script

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    for name in ("held_invoices", "view"):
        run_script(Path(__file__).with_name(f"0061_{name}.sql"))
