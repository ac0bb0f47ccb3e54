"""The cost of printing papers: `python -m bench.papers`. `python -m bench.papers --pictures FOLDER` draws the sample invoice in six languages and the sample credit note instead."""

import asyncio
import resource
import sys
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import pypdfium2

from pdf.credit_note import CorrectedInvoice, credit_note_paper
from pdf.einvoice.contents import invoice_xml
from pdf.invoice import invoice_paper
from pdf.layout import Paper, Recipient
from pdf.printing import TypstCompiler
from pdf.renderer import PdfRenderer
from tests.einvoice.samples import parties
from tests.pdf.samples import ACME, ADA, credit_note, invoice, lines, part

RUNS = 200
ADDRESS = ("12 St James's Square", "London SW1Y 4LB", "United Kingdom", "ada@example.com")
READERS = {
    "de": Recipient(
        "Müller Gestaltung GmbH",
        "greta@example.com",
        "de-DE",
        "Europe/Berlin",
        ("Greta Müller", "Lindenstraße 24", "10969 Berlin", "Deutschland", "DE136695976", "greta@example.com"),
        None,
        "MwSt.",
    ),
    "fr": Recipient(
        "Atelier Zoé SARL",
        "zoe@example.com",
        "fr-FR",
        "Europe/Paris",
        ("Zoé Lefèvre", "12 rue de la Paix", "75002 Paris", "France", "FR40303265045", "zoe@example.com"),
        None,
        "TVA",
    ),
    "es": Recipient(
        "Núñez Diseño S.L.",
        "jose@example.com",
        "es-ES",
        "Europe/Madrid",
        ("José Núñez", "Calle Mayor 5", "28013 Madrid", "España", "ESB12345674", "jose@example.com"),
        None,
        "IVA",
    ),
    "ja": Recipient(
        "田中商事株式会社",
        "kenji@example.com",
        "ja-JP",
        "Asia/Tokyo",
        ("田中 健二", "100-0005", "東京都千代田区丸の内 1-9-1", "日本", "T1234567890123", "kenji@example.com"),
    ),
    "ar": Recipient(
        "فاطمة الصباح",
        "fatima@example.com",
        "ar-KW",
        "Asia/Kuwait",
        ("شارع فهد السالم، قطعة 5، مبنى 12", "13001 مدينة الكويت", "الكويت", "fatima@example.com"),
    ),
}
# The second line is a book, which has a rate of its own.
DISCOUNTED = {"discount_minor": 1_000, "net_minor": 9_000, "tax_minor": 1_710, "total_minor": 10_710}
BOOK = {"description": "Handbook, printed", "tax_rate_ppm": 70_000, "tax_minor": 700, "total_minor": 10_700, "period_starts_at": None, "period_ends_at": None}


def sample(count: int, *, number: int = 42, reader: Recipient = ADA, has_data: bool = False) -> Paper:
    """Return an invoice of so many lines; with `has_data` its e-invoice is attached."""
    rows = [replace(line, **{1: DISCOUNTED, 2: BOOK}.get(line.position, {})) for line in lines(count)]
    made = replace(invoice(rows, paid_minor=10_000, status="PARTIALLY_PAID"), number=f"INV-2026-{number:06d}")
    paper = invoice_paper(made, rows, [part()], merchant=ACME, reader=reader)
    return replace(paper, attachment=partial(invoice_xml, made, rows, parties())) if has_data else paper


def first() -> float:
    started = perf_counter()
    TypstCompiler([]).printed(sample(3, number=1))
    return perf_counter() - started


def one_by_one(count: int, runs: int, *, has_data: bool = False) -> list[float]:
    """Return the seconds of each paper. All papers are different, so that no whole result is reused."""
    printer, times = TypstCompiler([]), []
    for number in range(runs):
        started = perf_counter()
        printer.printed(sample(count, number=number, has_data=has_data))
        times.append(perf_counter() - started)
    return times


async def at_once(tasks: int, at_once: int) -> tuple[float, float]:
    """Return papers per second, and the longest time in seconds for which the event loop was blocked."""
    press, started, gaps = PdfRenderer(at_once=at_once), perf_counter(), [0.0]

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
        with_data = median(one_by_one(count, runs, has_data=True))
        print(f"     with the e-invoice attached: median {with_data * 1000:.1f} ms, {(with_data - median(times)) * 1000:+.1f} ms")
    for workers in (1, 2):
        rate, gap = asyncio.run(at_once(RUNS, workers))
        print(f"{workers} at once: {rate:.0f} papers a second; the event loop was blocked for {gap * 1000:.1f} ms at most")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    one_by_one(3, 2000)
    print(f"memory: {before // 1024} MiB before 2,000 papers, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB after")


def pictures(folder: Path) -> None:
    """Write the pictures of the documentation."""
    ada = replace(ADA, lines=ADDRESS, tax_name="VAT")
    draw(sample(3, reader=ada), folder / "invoice.png")
    for language, reader in READERS.items():
        draw(sample(3, reader=reader), folder / f"invoice-{language}.png")
    note, of = credit_note()
    draw(credit_note_paper(note, of, CorrectedInvoice("INV-2026-000042", date(2026, 11, 22)), merchant=ACME, reader=ada), folder / "credit-note.png")


def draw(paper: Paper, file: Path) -> None:
    pdf = pypdfium2.PdfDocument(TypstCompiler([]).printed(paper).pdf)
    pdf[0].render(scale=100 / 72).to_pil().save(file)


if __name__ == "__main__":
    if "--pictures" in sys.argv:
        pictures(Path(sys.argv[sys.argv.index("--pictures") + 1]))
    else:
        main()
