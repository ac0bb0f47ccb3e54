"""The revisions that this program knows, read from the heads of their files: a server needs only the names, and the import of Alembic takes a third of a second."""

import re
from pathlib import Path

MIGRATIONS = Path(__file__).parents[1] / "migrations"
HEAD = re.compile(r'^revision = "(\w+)"\ndown_revision = (?:"(\w+)"|None)$', re.MULTILINE)


def revisions() -> list[str]:
    """Return the names of the revisions, the newest first."""
    after = {}
    for path in (MIGRATIONS / "versions").rglob("*.py"):
        if head := HEAD.search(path.read_text(encoding="utf-8")):
            after[head[2]] = head[1]
    ordered: list[str] = []
    previous: str | None = None
    while previous := after.get(previous):
        ordered.insert(0, previous)
    return ordered
