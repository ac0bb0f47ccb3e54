"""What papers cost: `python -m bench.papers`. With `--picture FILE`, the sample invoice is also drawn as a PNG, and beside it in other languages."""

import asyncio
import resource
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import pypdfium2

from papers.invoice import invoice_paper
from papers.press import Press
from papers.printing import Printer
from papers.sheet import Paper, Reader
from tests.papers.samples import ACME, ADA, invoice, lines, part

RUNS = 200
READERS = {
    "de": Reader("Greta Müller", "greta@example.com", "de-DE", "Europe/Berlin"),
    "ja": Reader("田中 健二", "kenji@example.com", "ja-JP", "Asia/Tokyo"),
    "ar": Reader("فاطمة الصباح", "fatima@example.com", "ar-KW", "Asia/Kuwait"),
}


def sample(count: int, *, number: int = 42, reader: Reader = ADA) -> Paper:
    rows = [replace(line, discount_minor=1_000, tax_minor=1_710, total_minor=10_710) if line.position == 1 else line for line in lines(count)]
    made = replace(invoice(rows, paid_minor=10_000, status="PARTIALLY_PAID"), number=f"INV-2026-{number:06d}")
    return invoice_paper(made, rows, [part()], merchant=ACME, reader=reader)


def first() -> float:
    started = perf_counter()
    Printer([]).printed(sample(3, number=1))
    return perf_counter() - started


def one_by_one(count: int, runs: int) -> list[float]:
    """Different papers, so that nothing of the last one can be used again as a whole."""
    printer, times = Printer([]), []
    for number in range(runs):
        started = perf_counter()
        printer.printed(sample(count, number=number))
        times.append(perf_counter() - started)
    return times


async def at_once(tasks: int, at_once: int) -> tuple[float, float]:
    """Papers a second, and the longest time that the event loop stood still meanwhile."""
    press, started, gaps = Press(at_once=at_once), perf_counter(), [0.0]

    async def listen() -> None:
        while True:
            before = perf_counter()
            await asyncio.sleep(0.001)
            gaps.append(perf_counter() - before - 0.001)

    listener = asyncio.create_task(listen())
    await asyncio.gather(*(press.print(sample(3, number=number)) for number in range(tasks)))
    listener.cancel()
    return tasks / (perf_counter() - started), max(gaps)


def main() -> None:
    print(f"the first paper of a process, fonts and templates read: {first() * 1000:.0f} ms")
    for count, runs in ((1, RUNS), (3, RUNS), (30, RUNS), (500, 10)):
        times = sorted(one_by_one(count, runs))
        print(f"{count:>3} lines: median {median(times) * 1000:.1f} ms, 95th percentile {times[int(len(times) * 0.95)] * 1000:.1f} ms, {runs} papers")
    for workers in (1, 2):
        rate, gap = asyncio.run(at_once(RUNS, workers))
        print(f"{workers} at once: {rate:.0f} papers a second; the event loop stood still for {gap * 1000:.1f} ms at most")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    one_by_one(3, 2000)
    print(f"memory: {before // 1024} MiB before 2,000 papers, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB after")
    if "--picture" in sys.argv:
        draw(sample(3), Path(sys.argv[sys.argv.index("--picture") + 1]))
        for language, reader in READERS.items():
            draw(sample(3, reader=reader), Path(sys.argv[sys.argv.index("--picture") + 1]).with_stem(f"invoice-{language}"))


def draw(paper: Paper, file: Path) -> None:
    pdf = pypdfium2.PdfDocument(Printer([]).printed(paper).pdf)
    pdf[0].render(scale=100 / 72).to_pil().save(file)


if __name__ == "__main__":
    main()
