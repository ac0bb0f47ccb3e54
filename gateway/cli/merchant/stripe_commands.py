"""The command `import-from stripe`."""

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import available_timezones

from gateway.cli.commands.console import console, counted
from gateway.wiring.configuration.settings import WrongSetting, load
from imports.stripe.client import StripeAccess
from imports.stripe.folder import FolderResult, write_folder
from imports.stripe.lists import Progress
from imports.stripe.pdfs import download_pdfs, stored_pdfs
from imports.stripe.problems import CannotRead
from imports.stripe.reading import read_account
from imports.stripe.spool import Spool


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of the command."""

    time_zone: str
    has_pdfs: bool
    per_second: float


def read(out: Path, options: ReadOptions, data_dir: Path | None) -> None:
    """Read an account into a folder. Raises WrongSetting for what the operator can correct."""
    settings = load(data_dir=data_dir)
    if settings.stripe_import_key is None:
        raise WrongSetting("PORTICO_STRIPE_IMPORT_KEY: is needed, a restricted key of Stripe that may read; see docs/import/stripe.md.")
    if options.time_zone not in available_timezones():
        raise WrongSetting("--time-zone is no name of a time zone, such as Europe/Zurich.")
    access = StripeAccess(settings.stripe_import_key, settings.stripe_import_address, options.per_second)
    try:
        spool = asyncio.run(_read(access, out, has_pdfs=options.has_pdfs))
        result = write_folder(spool, time_zone=options.time_zone, documents=stored_pdfs(spool) if options.has_pdfs else frozenset())
    except CannotRead as problem:
        raise WrongSetting(str(problem)) from None
    except OSError as error:
        raise WrongSetting(f"{out} cannot be written ({error.strerror}). Run the command again: it goes on where it stopped.") from None
    _print(out, result)


async def _read(access: StripeAccess, out: Path, *, has_pdfs: bool) -> Spool:
    now = int(datetime.now(UTC).timestamp())
    with console.status("Stripe") if console.is_terminal else nullcontext() as status:
        meter = Meter(status.update if status else lambda _: None)
        spool = await read_account(access, out, now=now, progress=meter.begin)
        if has_pdfs:
            await download_pdfs(access, spool, meter.add)
        meter.end()
    return spool


class Meter:
    """Shows how many objects of a list are read, and how many in a second: on a terminal all the time, and when a list is complete as a line."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._name, self._count, self._since = "", 0, time.monotonic()

    def begin(self, spool: Spool) -> Progress:
        at = datetime.fromtimestamp(spool.read_at, UTC)
        going_on = any(state.objects for state in spool.lists.values())
        console.print(f"{'Going on with' if going_on else 'Reading'} {spool.account} as of {at:%Y-%m-%d %H:%M} UTC.")
        return self.add

    def add(self, name: str, objects: int) -> None:
        if name != self._name:
            self.end()
            self._name, self._count, self._since = name, 0, time.monotonic()
        self._count += objects
        self._show(self._line())

    def end(self) -> None:
        if self._count:
            console.print(self._line())
        self._count = 0

    def _line(self) -> str:
        seconds = max(time.monotonic() - self._since, 0.001)
        return f"{self._name.replace('_', ' ')}: {self._count:,} ({self._count / seconds:,.0f}/s)"


def _print(out: Path, result: FolderResult) -> None:
    console.print(f"Wrote {out}: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in result.lines.items() if count))
    console.print(f"catalog.yaml: {counted(result.prices, 'price')}")
    if result.skipped:
        console.print(f"skipped.jsonl: {counted(sum(result.skipped.values()), 'line')}")
    for reason, count in sorted(result.skipped.items()):
        console.print(f"  {reason}: {count:,}")
