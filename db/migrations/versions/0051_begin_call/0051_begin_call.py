"""A mutation with a new idempotency key claims it and locks the customer in the round trip that opens its transaction."""

from pathlib import Path

from db.migrations import run_script

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0051_begin_call.sql"))
