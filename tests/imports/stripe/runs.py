"""Runs of the reader, in this process and in one that can be killed."""

import asyncio
import sys
from pathlib import Path

from imports.stripe.client import StripeAccess
from imports.stripe.folder import FolderResult, write_folder
from imports.stripe.reading import read_account
from tests.imports.stripe.account import READ_AT
from tests.imports.stripe.server import KEY

FILES = (
    "catalog.yaml",
    "customers.jsonl",
    "payment_methods.jsonl",
    "subscriptions.jsonl",
    "invoices.jsonl",
    "payments.jsonl",
    "credits.jsonl",
    "skipped.jsonl",
)


def access(address: str, *, per_second: float = 5_000, key: str = KEY) -> StripeAccess:
    return StripeAccess(key, address, per_second, patience_seconds=5, first_pause_seconds=0.002)


def run(address: str, out: Path, *, key: str = KEY, now: int = READ_AT) -> FolderResult:
    """Read an account into a folder, as the command does."""
    spool = asyncio.run(read_account(access(address, key=key), out, now=now, progress=lambda spool: lambda name, count: None))
    return write_folder(spool, time_zone="UTC")


def contents(out: Path) -> dict[str, bytes]:
    """Return the files of a folder; fails if there are others than those of a run."""
    files = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert set(files) == set(FILES), sorted(files)
    return files


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
