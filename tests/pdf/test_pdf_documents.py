"""Papers are printed, opened again and read: words, amounts, pages, tags."""

import asyncio
import os
import re
import struct
import threading
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import typst
from pypdf.generic import DictionaryObject

from pdf.child_process import PrintingFailed
from pdf.credit_note import CorrectedInvoice, credit_note_paper
from pdf.invoice import PaidBack, invoice_paper, method_of
from pdf.layout import Logo, Merchant, Paper, Recipient, sheet
from pdf.receipt import receipt_paper
from pdf.renderer import MAX_THREAD_ROWS, PdfRenderer
from pdf.statement import AccountStatement, EntryKind, LedgerEntry, statement_paper
from pdf.typefaces import fonts_in
from pdf.words import WORDS
from tests.pdf.samples import ACME, ADA, NOW, credit_note, invoice, lines, opened, part, payment, text_of

CORRECTED = CorrectedInvoice("INV-2026-000042", date(2026, 11, 22))


@pytest.fixture(scope="module")
def press() -> PdfRenderer:
    return PdfRenderer()


async def test_an_invoice_says_what_was_bought_what_was_paid_and_what_is_left(press: PdfRenderer) -> None:
    rows = [replace(lines(1)[0], discount_minor=1_000, net_minor=9_000, tax_minor=1_710, total_minor=10_710), *lines(2)[1:]]
    paper = invoice_paper(invoice(rows, paid_minor=10_000, status="PARTIALLY_PAID"), rows, [part()], merchant=ACME, reader=ADA)
    text = text_of(await press.print(paper))
    for word in (
        "Invoice",
        "INV-2026-000042",
        "Ada Lovelace",
        "ada@example.com",
        "Musterstraße 1",
        "Business plan, seat 2",
        "Visa •••• 4242",
        "Page 1 of 1",
        "HRB 12345",
    ):
        assert word in text
    for amount in ("Subtotal €200.00", "Discount -€10.00", "Tax 19% on €190.00 €36.10", "Total €226.10", "Paid -€100.00", "Amount due €126.10"):
        assert amount in text
    assert "6 Dec 2026" in text


async def test_a_due_day_that_was_extended_is_not_printed(press: PdfRenderer) -> None:
    rows = lines(1)
    later = replace(invoice(rows), due_on=date(2027, 3, 31), issued_due_on=date(2026, 12, 6))
    text = text_of(await press.print(invoice_paper(later, rows, [], merchant=ACME, reader=ADA)))
    assert "6 Dec 2026" in text
    assert "2027" not in text


async def test_five_hundred_lines_break_into_pages_with_the_header_on_each(press: PdfRenderer) -> None:
    rows = lines(500)
    pdf = await press.print(invoice_paper(invoice(rows), rows, [], merchant=ACME, reader=ADA))
    pages = [page.extract_text() for page in opened(pdf).pages]
    assert len(pages) > 10
    assert all("Description" in page and f"Page {number} of {len(pages)}" in " ".join(page.split()) for number, page in enumerate(pages[:-1], 1))
    text = text_of(pdf)
    assert all(f"seat {number} " in text for number in range(1, 501))
    assert "Amount due €59,500.00" in text


@pytest.mark.parametrize(
    ("locale", "word", "due", "amount"),
    [
        ("en-US", "Invoice", "Dec 6, 2026", "€119.00"),
        ("de", "Rechnung", "06.12.2026", "119,00 €"),
        ("de-AT", "Rechnung", "06.12.2026", "€ 119,00"),
        ("fr-FR", "Facture", "6 déc. 2026", "119,00 €"),
        ("ja", "請求書", "2026/12/06", "€119.00"),
        ("es-MX", "Factura", "6 dic 2026", "EUR119.00"),
        ("pt-BR", "Fatura", "6 de dez. de 2026", "€ 119,00"),
        ("it", "Invoice", "6 dic 2026", "119,00 €"),
        ("no such locale", "Invoice", "Dec 6, 2026", "€119.00"),
    ],
)
async def test_words_days_and_amounts_are_the_readers(press: PdfRenderer, locale: str, word: str, due: str, amount: str) -> None:
    rows = lines(1)
    pdf = await press.print(invoice_paper(invoice(rows), rows, [], merchant=ACME, reader=replace(ADA, locale=locale)))
    text = text_of(pdf)
    assert word in text
    assert due in text
    assert amount in text
    assert opened(pdf).root_object["/Lang"] == (locale[:2] if locale[:2] in WORDS else "en")


@pytest.mark.parametrize(("zone", "day"), [("Pacific/Auckland", "23.11.2026"), ("Pacific/Honolulu", "22.11.2026")])
async def test_an_instant_is_the_day_that_it_was_where_the_reader_lives(press: PdfRenderer, zone: str, day: str) -> None:
    rows = lines(1)
    text = text_of(await press.print(invoice_paper(invoice(rows), rows, [], merchant=ACME, reader=Recipient("Ada", "ada@example.com", "de", zone))))
    assert f"Ausstellungsdatum {day}" in text


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "¥11,900"), ("KWD", "11.900"), ("USD", "US$119.00")])
async def test_currencies_keep_their_own_decimals(press: PdfRenderer, currency: str, amount: str) -> None:
    rows = lines(1, currency)
    assert amount in text_of(await press.print(invoice_paper(invoice(rows), rows, [], merchant=ACME, reader=ADA)))


@pytest.mark.parametrize(
    "name",
    [
        "山田 健二",
        "فاطمة الصباح",
        "דוד לוי",
        "Ελένη",
        "Ольга",
        "\U0001d518\U0001d52b",
        "x" * 200,
        "👩‍💻",
        "#let x = 1; $a$ *b* _c_ @d <e> `f`",
        "\u202e\u0301a",
        "a\tb\nc\x00",
    ],
)
async def test_no_name_can_break_a_paper(press: PdfRenderer, name: str) -> None:
    rows = [replace(lines(1)[0], description=name)]
    pdf = await press.print(invoice_paper(invoice(rows), rows, [], merchant=ACME, reader=replace(ADA, name=name)))
    assert len(opened(pdf).pages) == 1
    if name.startswith("#"):
        assert name in text_of(pdf)


@pytest.mark.parametrize(("locale", "name"), [("ar-KW", "فاطمة الصباح"), ("he-IL", "דוד לוי")])
async def test_days_and_amounts_of_a_script_from_right_to_left_are_kept_apart(press: PdfRenderer, locale: str, name: str) -> None:
    """Without isolates, 22/11/2026 stood as 222026/11/ on the paper. What is seen cannot be read back from a PDF, so their being there is what is tested."""
    reader, rows = Recipient(name, "a@example.com", locale, "UTC"), lines(1)
    assert all(text[0] == "\u2067" and text[-1] == "\u2069" for text in (reader.day(NOW), reader.money(-100, "KWD")))
    pdf = await press.print(invoice_paper(invoice(rows, paid_minor=100), rows, [], merchant=ACME, reader=reader))
    assert b"pdfuaid:part" in opened(pdf).root_object["/Metadata"].get_data()


@pytest.mark.parametrize("locale", ["ar-KW", "he-IL", "fa-IR", "ur-PK"])
def test_the_minus_of_a_script_from_right_to_left_stands_at_the_left_of_its_figures(locale: str) -> None:
    reader = Recipient("A", "a@example.com", locale, "UTC")
    assert reader.money(-26_700, "KWD").count("\u200e-") == 1
    assert "-" not in reader.money(26_700, "KWD")
    assert "\u200e" not in ADA.money(-26_700, "KWD")


@pytest.mark.parametrize(
    ("brand", "name"),
    [("visa", "Visa"), ("jcb", "JCB"), ("amex", "American Express"), ("unionpay", "UnionPay"), ("cartes_bancaires", "Cartes Bancaires"), (None, "Card")],
)
def test_a_brand_is_written_as_its_owner_writes_it(brand: str | None, name: str) -> None:
    assert method_of(payment(method_brand=brand), ADA) == f"{name} •••• 4242"


async def test_the_tags_tell_a_screen_reader_the_heading_and_the_table(press: PdfRenderer) -> None:
    rows = lines(2)
    reader = opened(await press.print(invoice_paper(invoice(rows), rows, [], merchant=ACME, reader=ADA)))
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert reader.metadata
    assert reader.metadata.title == "Invoice INV-2026-000042"
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert {"/H1", "/Table", "/TH", "/TD", "/Figure"} <= tags(root["/StructTreeRoot"])


def tags(node: object) -> set[str]:
    """All kinds of structure below a node."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return set().union(*map(tags, node))
    if not isinstance(node, DictionaryObject):
        return set()
    return ({str(node["/S"])} if "/S" in node else set()) | tags(node.get("/K"))


async def test_the_same_paper_is_the_same_bytes(press: PdfRenderer) -> None:
    rows = lines(3)
    first, second = [await press.print(invoice_paper(invoice(rows), rows, [part()], merchant=ACME, reader=ADA)) for _ in range(2)]
    assert first == second
    metadata = opened(first).metadata
    assert metadata
    assert metadata.creation_date == NOW


@pytest.mark.parametrize(("status", "stamp"), [("PAID", "PAID"), ("VOID", "VOID"), ("REFUNDED", "REFUNDED"), ("OPEN", "")])
async def test_what_is_settled_carries_a_stamp(press: PdfRenderer, status: str, stamp: str) -> None:
    rows = lines(1)
    text = text_of(await press.print(invoice_paper(replace(invoice(rows), status=status), rows, [], merchant=ACME, reader=ADA)))
    assert all((word in text) == (word == stamp) for word in ("PAID", "VOID", "REFUNDED"))


async def test_a_credit_note_says_what_it_corrects_its_tax_and_how_the_amount_was_used(press: PdfRenderer) -> None:
    note, rows = credit_note()
    text = text_of(await press.print(credit_note_paper(note, rows, CORRECTED, merchant=ACME, reader=ADA)))
    for words in (
        "Credit note",
        "CN-2026-000007",
        "7 Dec 2026",
        "Corrects invoice INV-2026-000042",
        "22 Nov 2026",
        "Ada Lovelace",
        "Unused time on Business plan",
    ):
        assert words in text
    for words in ("€50.00 €9.50 19% €59.50", "Net €50.00", "Tax 19% on €50.00 €9.50", "Total credited €59.50", "invoice €20.00", "Added to your credit €39.50"):
        assert words in text
    assert "Paid back" not in text


async def test_a_text_of_the_merchant_is_printed_line_by_line(press: PdfRenderer) -> None:
    memo = "Thank you for your order.\n\nCall us before noon."
    rows = lines(1)
    assert "Thank you for your order. Call us before noon." in text_of(
        await press.print(invoice_paper(replace(invoice(rows), memo=memo), rows, [], merchant=ACME, reader=ADA))
    )
    note, noted = credit_note(memo=memo)
    assert "Call us before noon." in text_of(await press.print(credit_note_paper(note, noted, CORRECTED, merchant=ACME, reader=ADA)))


@pytest.mark.parametrize(("name", "words"), [("released_minor", "Taken off"), ("granted_minor", "Added to your credit"), ("refunded_minor", "Paid back")])
async def test_a_credit_note_names_only_what_happened_to_the_amount(press: PdfRenderer, name: str, words: str) -> None:
    note, rows = credit_note(**dict.fromkeys(("released_minor", "granted_minor", "refunded_minor"), 0) | {name: 5_950})
    text = text_of(await press.print(credit_note_paper(note, rows, CORRECTED, merchant=ACME, reader=ADA)))
    assert [each for each in ("Taken off", "Added to your credit", "Paid back") if each in text] == [words]


@pytest.mark.parametrize(("locale", "word"), [("de-DE", "Rechnungskorrektur"), ("fr-FR", "Avoir"), ("ja-JP", "クレジットノート")])
async def test_a_credit_note_is_in_the_readers_words(press: PdfRenderer, locale: str, word: str) -> None:
    note, rows = credit_note()
    text = text_of(await press.print(credit_note_paper(note, rows, CORRECTED, merchant=ACME, reader=replace(ADA, locale=locale))))
    assert word in text


async def test_a_receipt_says_what_a_payment_paid(press: PdfRenderer) -> None:
    made = payment(15_000, refunded_minor=5_000)
    parts = [
        part(10_000),
        replace(part(5_000), name="Rate 2"),
        PaidBack(made, NOW + timedelta(days=3), 2_000, False),
        PaidBack(made, NOW + timedelta(days=2), 3_000, True),
    ]
    text = text_of(await press.print(receipt_paper(made, parts, merchant=ACME, reader=ADA)))
    for word in ("Receipt", "pay_1", "INV-2026-000042 €100.00", "Rate 2 €50.00", "Amount paid €150.00", "Paid after refunds €100.00"):
        assert word in text
    assert text.index("Taken back by the bank 24 Nov 2026 -€30.00") < text.index("Refunded 25 Nov 2026 -€20.00")


async def test_an_invoice_says_what_was_paid_and_what_went_back_and_when(press: PdfRenderer) -> None:
    rows = lines(1)
    made = payment(10_000, refunded_minor=4_000)
    text = text_of(
        await press.print(
            invoice_paper(
                invoice(rows, paid_minor=6_000), rows, [part(10_000), PaidBack(made, NOW + timedelta(days=3), 4_000, False)], merchant=ACME, reader=ADA
            )
        )
    )
    assert "22 Nov 2026 Visa •••• 4242 €100.00" in text
    assert "25 Nov 2026 Refunded: Visa •••• 4242 -€40.00" in text


def test_there_is_no_receipt_of_money_that_was_not_received() -> None:
    with pytest.raises(ValueError, match="only a payment that succeeded"):
        receipt_paper(payment(settled_at=None), [], merchant=ACME, reader=ADA)


ENTRIES = [
    LedgerEntry(date(2026, 11, 1), EntryKind.INVOICE, "INV-1", 11_900),
    LedgerEntry(date(2026, 11, 2), EntryKind.PAYMENT, "=SUM(A1)", -10_000),
    LedgerEntry(date(2026, 11, 3), EntryKind.CREDIT, 'Kulanz; "gut"', -2_400),
]
STATEMENT = AccountStatement("EUR", date(2026, 11, 1), date(2026, 11, 30), 500, ENTRIES)


async def test_a_statement_carries_the_balance_from_line_to_line(press: PdfRenderer) -> None:
    text = text_of(await press.print(statement_paper(STATEMENT, merchant=ACME, reader=ADA, made_at=NOW)))
    for words in ("Balance brought forward €5.00", "INV-1 €119.00 €124.00", "-€100.00 €24.00", "-€24.00 €0.00", "Balance at the end €0.00"):
        assert words in text


async def test_a_long_statement_repeats_its_header(press: PdfRenderer) -> None:
    many = replace(STATEMENT, entries=[replace(ENTRIES[0], on=date(2026, 11, 1) + timedelta(days=number % 30)) for number in range(500)])
    pages = opened(await press.print(statement_paper(many, merchant=ACME, reader=ADA, made_at=NOW))).pages
    assert len(pages) > 8
    assert all("Balance" in page.extract_text() for page in pages)


@pytest.mark.parametrize("kind", ["png", "none"])
async def test_a_logo_may_be_points_or_missing(press: PdfRenderer, kind: str) -> None:
    merchant = replace(ACME, logo=Logo(png(), "png") if kind == "png" else None)
    rows = lines(1)
    pdf = await press.print(invoice_paper(invoice(rows), rows, [], merchant=merchant, reader=ADA))
    assert (len(opened(pdf).pages[0].images) > 0) == (kind == "png")


def png() -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" + b"\x10\x80\x70" * 4 + b"\0" + b"\x10\x80\x70" * 4)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("accent", ["red", "#fff", "#0f766e; evil", ""])
def test_a_colour_that_is_none_is_refused(accent: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        Merchant("Acme", accent=accent)


async def test_many_at_once_all_come_out_and_who_leaves_early_blocks_nobody(press: PdfRenderer) -> None:
    rows = lines(MAX_THREAD_ROWS)
    papers = [invoice_paper(replace(invoice(rows), number=f"INV-{number}"), rows, [], merchant=ACME, reader=ADA) for number in range(8)]
    left = [asyncio.create_task(press.print(paper)) for paper in papers[:4]]
    await asyncio.sleep(0.01)
    for task in left:
        task.cancel()
    pdfs = await asyncio.wait_for(asyncio.gather(*map(press.print, papers)), 60)
    assert [f"INV-{number}" in text_of(pdf) for number, pdf in enumerate(pdfs)] == [True] * 8


async def test_requests_go_on_while_a_long_paper_is_printed(press: PdfRenderer) -> None:
    rows = lines(500)
    work = asyncio.create_task(press.print(invoice_paper(replace(invoice(rows), number="INV-long"), rows, [], merchant=ACME, reader=ADA)))
    ticks = 0
    while not work.done():
        await asyncio.sleep(0.002)
        ticks += 1
    assert ticks > 3


def where() -> dict[str, object]:
    """Content that says which process and thread laid it out."""
    place = {
        "heading": f"process {os.getpid()} thread {threading.get_ident()} end",
        "facts": [],
        "opening": [""] * 5,
        "entries": [],
        "widest": [[""]] * 5,
        "closing": "",
    }
    return sheet(ACME, ADA, title="Where") | place


@pytest.mark.parametrize(("rows", "is_elsewhere"), [(MAX_THREAD_ROWS, False), (MAX_THREAD_ROWS + 1, True)])
async def test_no_paper_is_laid_out_on_the_event_loop_and_a_large_one_not_in_its_process(press: PdfRenderer, rows: int, is_elsewhere: bool) -> None:
    match = re.search(r"process (\d+) thread (\d+) end", text_of(await press.print(Paper("statement", where, NOW, rows))))
    assert match
    assert (int(match[1]) != os.getpid()) == is_elsewhere
    assert is_elsewhere or int(match[2]) != threading.get_ident()


async def test_fonts_are_read_once_and_not_when_a_renderer_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []

    def counted(folders: Sequence[Path]) -> typst.Fonts:
        reads.append(threading.get_ident())
        return fonts_in(folders)

    monkeypatch.setattr("pdf.typefaces.fonts_in", counted)
    renderer = PdfRenderer()
    assert reads == []
    assert "process" in text_of(await renderer.print(Paper("statement", where, NOW, 1)))
    assert len(reads) == 1
    assert reads != [threading.get_ident()]


@pytest.mark.parametrize("rows", [1, MAX_THREAD_ROWS + 1])
async def test_a_paper_that_cannot_be_printed_says_so_and_the_press_goes_on(rows: int) -> None:
    press = PdfRenderer(at_once=1)
    with pytest.raises((PrintingFailed, RuntimeError), match="No such file"):
        await press.print(Paper("no_such_template", where, NOW, rows))
    assert "process" in text_of(await press.print(Paper("statement", where, NOW, 1)))
