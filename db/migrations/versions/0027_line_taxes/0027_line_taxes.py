"""Lines of invoices and credit notes say their tax rate, and what Portico's own words on them mean, so that papers can say it in the buyer's language."""

from pathlib import Path

from db.migrations import run_script

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0027_line_taxes.sql"))
