"""A client may be known by the tokens of another issuer."""

from pathlib import Path

from db.migrations import run_script

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0012_issuers.sql"))
