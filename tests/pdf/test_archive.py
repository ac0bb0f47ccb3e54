"""Every kind of paper, in every language, keeps PDF/A-3a and PDF/UA-1."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pdfua import validate

from pdf.child_process import print_in_child
from pdf.credit_note import CorrectedInvoice, credit_note_paper
from pdf.invoice import PaidBack, invoice_paper
from pdf.layout import Paper, Recipient
from pdf.printing import TypstCompiler
from pdf.receipt import receipt_paper
from pdf.statement import AccountStatement, EntryKind, LedgerEntry, statement_paper
from pdf.words import WORDS
from tests.pdf.archival import faults
from tests.pdf.samples import ACME, NOW, credit_note, invoice, lines, part, payment

READERS = {"ar": "فاطمة الصباح", "ja": "田中 健二", "pt": "João Araújo", "de": "Greta Müller", "fr": "Zoë", "es": "José Núñez", "en": "สมชาย ใจดี"}


@pytest.fixture(scope="module")
def printer() -> TypstCompiler:
    return TypstCompiler([])


def statement(count: int) -> AccountStatement:
    entries = [LedgerEntry(date(2026, 11, 1) + timedelta(days=number % 29), EntryKind.PAYMENT, f"pay_{number}", -100) for number in range(count)]
    return AccountStatement("EUR", date(2026, 11, 1), date(2026, 11, 30), 500, entries)


def papers(reader: Recipient) -> list[Paper]:
    rows = [replace(lines(1)[0], discount_minor=1_000, tax_minor=1_710, total_minor=10_710), *lines(40)[1:]]
    note, note_lines = credit_note()
    back = PaidBack(payment(), NOW + timedelta(days=3), 2_000, False)
    return [
        invoice_paper(invoice(rows, paid_minor=10_000, status="PAID"), rows, [part(), back], merchant=ACME, reader=reader),
        credit_note_paper(note, note_lines, CorrectedInvoice("INV-2026-000042", date(2026, 11, 22)), merchant=ACME, reader=reader),
        receipt_paper(payment(), [part(), back], merchant=ACME, reader=reader),
        statement_paper(statement(60), merchant=ACME, reader=reader, made_at=NOW),
    ]


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_paper_in_every_language_keeps_both_standards(printer: TypstCompiler, language: str, tmp_path: Path) -> None:
    for paper in papers(Recipient(READERS[language], "a@example.com", language, "UTC")):
        pdf = printer.printed(paper).pdf
        assert faults(pdf) == [], paper.template
        assert findings(pdf, tmp_path) == [], paper.template


def findings(pdf: bytes, folder: Path) -> list[str]:
    """What another checker finds, whose rules for PDF/UA-1 are its own."""
    (folder / "paper.pdf").write_bytes(pdf)
    return [f"{finding.rule_id} {finding.message}" for finding in validate(folder / "paper.pdf").findings]


async def test_a_statement_that_was_joined_of_parts_keeps_them_too(tmp_path: Path) -> None:
    paper = statement_paper(statement(150), merchant=ACME, reader=Recipient("田中", "a@example.com", "ar-KW", "UTC"), made_at=NOW)
    pdf = (await print_in_child(paper, (), rows_in_a_part=60)).pdf
    assert faults(pdf) == []
    assert findings(pdf, tmp_path) == []


def _unmarked(document: pikepdf.Pdf) -> None:
    document.pages[0].contents_add(b"q 0 0 10 10 re f Q")


def _without(*path: str) -> Callable[[pikepdf.Pdf], None]:
    def remove(document: pikepdf.Pdf) -> None:
        node: Any = document.Root
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]

    return remove


def _font_without(key: str) -> Callable[[pikepdf.Pdf], None]:
    def remove(document: pikepdf.Pdf) -> None:
        font = next(each for each in document.objects if isinstance(each, pikepdf.Dictionary) and each.get("/Subtype") == "/Type0")
        holder = font if key == "/ToUnicode" else font.DescendantFonts[0].FontDescriptor
        del holder[key]

    return remove


def _scripted(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = document.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)"))


def _without_words(document: pikepdf.Pdf) -> None:
    for each in document.objects:
        if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure":
            del each["/Alt"]


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (_unmarked, "unmarked f on page 1"),
        (_without("/Lang"), "no language"),
        (_without("/OutputIntents"), "no output intent"),
        (_without("/MarkInfo"), "not marked"),
        (_without("/StructTreeRoot"), "no structure"),
        (_without("/Metadata"), "no <pdfaid:part>3< in the metadata"),
        (_font_without("/ToUnicode"), "cannot be copied"),
        (_font_without("/FontFile2"), "is not embedded"),
        (_scripted, "the key /OpenAction"),
        (_without_words, "a picture without words"),
    ],
)
def test_the_check_sees_what_is_broken(printer: TypstCompiler, broken: Callable[[pikepdf.Pdf], None], fault: str) -> None:
    (paper, *_) = papers(Recipient("Ada", "a@example.com", "en", "UTC"))
    written = BytesIO()
    with pikepdf.Pdf.open(BytesIO(printer.printed(paper).pdf)) as document:
        broken(document)
        document.save(written)
    assert any(fault in each for each in faults(written.getvalue())), faults(written.getvalue())
