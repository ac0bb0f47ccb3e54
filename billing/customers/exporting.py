"""Rules of data exports: when another one is made, the lifetime of one, and the names of its files."""

from datetime import datetime, timedelta

from billing.rows.customers import DataExportRow
from billing.states import Actor
from billing.visible_text import visible

# The form of `customer.json`. It changes when a table or a column is renamed or removed; new ones may be added.
FORMAT, FORMAT_VERSION = "portico-customer-export", 1
# A finished export can be downloaded for this long.
LIFETIME = timedelta(days=7)
# A worker that does not report for this long has been killed, and another one makes the export again.
LEASE = timedelta(minutes=15)
MAX_TRIES = 5
# A request within this time after another one gets the same export.
REPEATED_WITHIN = {Actor.CUSTOMER: timedelta(days=1), Actor.STAFF: timedelta(hours=1)}
# File systems allow 255 bytes, and the id stands before the name.
MAX_NAME_BYTES = 180
# Separators of folders and drives, and what shells and Windows do not allow in names.
UNSAFE = str.maketrans({character: "_" for character in '/\\:*?"<>|'})


def is_repeated(latest: DataExportRow | None, actor: Actor, *, now: datetime) -> bool:
    """Return whether a request is answered with the latest export: it is under way, or recent and can be downloaded."""
    if latest is None or latest.status in ("FAILED", "EXPIRED"):
        return False
    return latest.status != "READY" or now - latest.requested_at < REPEATED_WITHIN[actor]


def pause_after(tries: int) -> timedelta:
    """Return how long an export that failed waits for its next try: 2, 4, 8, … minutes."""
    return timedelta(minutes=2**tries)


def entry_name(folder: str, identifier: str, file_name: str) -> str:
    """Return the name of a file in the ZIP: unique by the id, within its folder whatever the name says, and short enough for every file system."""
    stem, dot, extension = visible(file_name).translate(UNSAFE).strip(". ").rpartition(".")
    suffix = f"{dot}{extension}"[:20] if stem else ""
    room = MAX_NAME_BYTES - len(suffix.encode())
    return f"{folder}/{identifier}-{(stem or extension).encode()[:room].decode(errors='ignore')}{suffix}"
