"""Sessions that began with a portal link which staff had seen, what they cannot do, and objects that no sweep deletes while a row owns them."""

from pathlib import Path

from db.migrations import run_script

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    for part in ("sessions", "files"):
        run_script(Path(__file__).with_name(f"0025_{part}.sql"))
