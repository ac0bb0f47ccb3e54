"""The memory and time of a statement of 5,000 entries: `python -m bench.statements [ROWS]`. Memory is that above idle, of this process and all its children."""

import asyncio
import gc
import os
import sys
import threading
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep

from pdf.layout import Merchant, Paper, Recipient
from pdf.renderer import PdfRenderer
from pdf.statement import AccountStatement, EntryKind, LedgerEntry, statement_paper

ROWS = 5_000
SAMPLE_SECONDS = 0.02
MADE_AT = datetime(2026, 11, 28, tzinfo=UTC)
READER = Recipient("Bigg Company", "bigg@example.com", "en-US", "America/New_York")


def statement(rows: int, number: int) -> Paper:
    """Return a statement that is different for each `number`, so that no earlier result is reused."""
    first = date(2024, 1, 1) + timedelta(days=number)
    kinds = [(EntryKind.INVOICE, "INV-2026-", 11_900), (EntryKind.PAYMENT, "pay_01m829w97ne1msh76cyg", -11_900)]
    entries = [
        LedgerEntry(first + timedelta(days=index % 700), kind, f"{prefix}{index:06d}", amount)
        for index, (kind, prefix, amount) in ((index, kinds[index % 2]) for index in range(rows))
    ]
    return statement_paper(
        AccountStatement("USD", first, first + timedelta(days=730), number, entries), merchant=Merchant("Acme"), reader=READER, made_at=MADE_AT
    )


def memory_mb(process: int) -> float:
    """Return the memory of a process and its descendants in MiB. Memory that processes share counts once (Pss of proc_pid_smaps)."""
    total = 0.0
    with suppress(OSError):  # the process has ended
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            total += int(line.split()[1]) / 1024 if line.startswith("Pss:") else 0
        for thread in Path(f"/proc/{process}/task").iterdir():
            total += sum(memory_mb(int(child)) for child in (thread / "children").read_text(encoding="ascii").split())
    return total


class Watch:
    """The highest memory since `begin`, sampled by a thread."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        threading.Thread(target=self._sample, daemon=True).start()

    def begin(self) -> None:
        self.peak_mb = 0.0

    def _sample(self) -> None:
        while True:
            self.peak_mb = max(self.peak_mb, memory_mb(os.getpid()))
            sleep(SAMPLE_SECONDS)


async def printed(press: PdfRenderer, paper: Paper) -> tuple[int, float, float]:
    """Print a paper; return its bytes, the seconds, and the longest time in seconds for which the event loop was blocked."""
    started, gaps = perf_counter(), [0.0]

    async def listen() -> None:
        while True:
            before = perf_counter()
            await asyncio.sleep(0.001)
            gaps.append(perf_counter() - before - 0.001)

    listener = asyncio.create_task(listen())
    pdf = await press.print(paper)
    listener.cancel()
    return len(pdf), perf_counter() - started, max(gaps)


async def measure(rows: int) -> None:
    press, watch = PdfRenderer(at_once=1), Watch()
    await press.print(statement(10, 0))
    gc.collect()
    idle = memory_mb(os.getpid())
    print(f"idle, after one short statement: {idle:.0f} MB")
    for number in range(1, 11):
        paper = statement(rows, number)
        watch.begin()
        size, seconds, gap = await printed(press, paper)
        peak = watch.peak_mb - idle
        del paper
        gc.collect()
        if number in (1, 2, 10):
            after = memory_mb(os.getpid()) - idle
            print(
                f"statement {number:>2}: {rows} entries, peak +{peak:.0f} MB, afterwards +{after:.0f} MB, {size / 1e6:.1f} MB of PDF, {seconds:.1f} s, loop {gap * 1000:.0f} ms"
            )


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
