"""The file SHA256SUMS: one line for each file of a shipped revision, as `sha256sum` writes and checks it. Lines are only added.

Run as `python -m db.migrations.manifest` to add the lines of new revisions.
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent
NAME = "SHA256SUMS"
ADVICE = (
    "A shipped migration is never edited, renamed or deleted, because databases that already ran it do not run it again. "
    "Restore it (`git checkout <the last release> -- db/migrations`) and write a new migration that changes what should change."
)
ADVICE_NEW = "Run `make migrations` to add its lines to db/migrations/SHA256SUMS, and commit them with the migration."


def listed(folder: Path = FOLDER) -> dict[str, str]:
    """Return the checksum of each shipped file, by its path below `folder`."""
    lines = (folder / NAME).read_text(encoding="utf-8").splitlines()
    return {path: checksum for checksum, path in (line.split("  ", 1) for line in lines)}


def existing(folder: Path = FOLDER) -> dict[str, str]:
    """Return the checksum of each file of a revision, by its path below `folder`, in the order of the revisions."""
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(folder)}


def changes(folder: Path = FOLDER) -> list[str]:
    """Return a message for each shipped file that was changed or removed."""
    files = existing(folder)
    return [f"{path} was {'changed' if path in files else 'removed'}. {ADVICE}" for path, checksum in listed(folder).items() if files.get(path) != checksum]


def unlisted(folder: Path = FOLDER) -> list[str]:
    """Return the files without a line, as paths below `folder`."""
    return sorted(existing(folder).keys() - listed(folder).keys())


def add_new(folder: Path = FOLDER) -> list[str]:
    """Append a line for each file without one. Returns their paths."""
    paths, files = unlisted(folder), existing(folder)
    with (folder / NAME).open("a", encoding="utf-8") as manifest:
        manifest.writelines(f"{files[path]}  {path}\n" for path in paths)
    return paths


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for suffix in ("*.py", "*.sql") for path in (folder / "versions").rglob(suffix))


if __name__ == "__main__":
    if faults := changes():
        sys.exit("\n".join(faults))
    for added in add_new():
        print(f"added {added}")
