"""The command `export`: existing customers as the files of an import."""

import asyncio
import time
from collections import Counter
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from db.connections import FAILURES, is_migrated, reason_of
from db.snapshots.customer_files import KINDS, snapshot
from gateway.cli.commands.console import console
from gateway.wiring.configuration.settings import WrongSetting, load
from gateway.wiring.database import CannotReach, connected, postgres


def export(folder: Path, data_dir: Path | None) -> None:
    """Write all customers to a new or empty folder. Raises WrongSetting, CannotReach."""
    settings = load(data_dir=data_dir)
    try:
        with postgres(settings) as urls:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise WrongSetting(f"{folder} is not empty. Give another folder.")
            counts = asyncio.run(write_files(urls.admin_url, folder, now=datetime.now(UTC)))
    except OSError as error:
        raise WrongSetting(f"{folder} cannot be written ({error.strerror}). What is in it is not complete.") from None
    console.print(f"Wrote {folder}: " + ", ".join(f"{counts[kind]:,} {kind.replace('_', ' ')}" for kind in KINDS if counts[kind]))


async def write_files(url: str, folder: Path, *, now: datetime) -> Counter[str]:
    """Write the files, each under its name only when all are complete, and return how many lines each has. Raises CannotReach, OSError."""
    counts: Counter[str] = Counter()
    async with connected(url, "PORTICO_DATABASE_URL", {}) as connection:
        if not await is_migrated(connection):
            raise CannotReach("The database is empty. Run `./portico migrate` first.")
        try:
            async with snapshot(connection, now=now) as files:
                total, done, since = await files.count(), 0, time.monotonic()
                with ExitStack() as opened, console.status("Customers") if console.is_terminal else nullcontext() as status:
                    handles = {kind: opened.enter_context((folder / f"{kind}.jsonl.partial").open("w", encoding="utf-8", newline="\n")) for kind in KINDS}
                    async for customers in files.batches():
                        for kind, file in handles.items():
                            lines = await files.lines(kind, customers)
                            counts[kind] += len(lines)
                            file.writelines(f"{line}\n" for line in lines)
                        done += len(customers)
                        if status:
                            status.update(f"{done:,} of {total:,} customers ({done / (time.monotonic() - since + 0.001):,.0f}/s)")
        except FAILURES as error:
            raise CannotReach(f"The database cannot be read: {reason_of(error)}. What is in {folder} is not complete.") from None
    for kind in KINDS:
        (folder / f"{kind}.jsonl.partial").replace(folder / f"{kind}.jsonl")
    return counts
