"""A client may be known by the tokens of another issuer."""

from pathlib import Path

from db.migrations import run_script

revision = "0014"
down_revision = "0009"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0014_issuers.sql"))
