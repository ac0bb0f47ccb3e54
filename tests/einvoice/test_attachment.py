"""The XML is attached to the PDF as Factur-X asks, and the PDF stays a PDF/A-3a and a PDF/UA-1: read by four libraries that know nothing of each other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path

import facturx
import pikepdf
import pypdfium2
import pytest
from lxml import etree
from pdfua import validate
from pypdf import PdfReader

from pdf.child_process import print_in_child
from pdf.credit_note import CorrectedInvoice, credit_note_paper
from pdf.einvoice.contents import credit_note_xml, if_possible, invoice_xml
from pdf.embedding.factur_x import UnknownLayout, described
from pdf.invoice import invoice_paper
from pdf.layout import Paper
from pdf.printing import TypstCompiler
from tests.einvoice.samples import credited, issued, line, parties
from tests.pdf.archival import faults

CORRECTED = CorrectedInvoice("INV-2026-000042", date(2026, 11, 22))
FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
PROPERTIES = {"DocumentType": "INVOICE", "DocumentFileName": "factur-x.xml", "Version": "1.0", "ConformanceLevel": "EN 16931"}


@pytest.fixture(scope="module")
def printer() -> TypstCompiler:
    return TypstCompiler([])


def an_invoice(count: int = 2, *, locale: str = "de-DE", name: str = "Müller Gestaltung GmbH") -> Paper:
    to = parties(locale=locale, company_name=name)
    invoice, rows = issued([line(10_000)] * count)
    paper = invoice_paper(invoice, rows, [], merchant=to.merchant, reader=to.reader)
    return replace(paper, attachment=partial(if_possible, partial(invoice_xml, invoice, rows, to)))


def a_credit_note(*, locale: str = "de-DE") -> Paper:
    to = parties(locale=locale)
    note, rows = credited([line(10_000)])
    paper = credit_note_paper(note, rows, CORRECTED, merchant=to.merchant, reader=to.reader)
    return replace(paper, attachment=partial(credit_note_xml, note, rows, CORRECTED, to))


@pytest.mark.parametrize("make", [an_invoice, a_credit_note])
@pytest.mark.parametrize("locale", ["ar-KW", "de-DE", "en-GB", "es-ES", "fr-FR", "ja-JP", "pt-BR"])
def test_a_pdf_with_an_e_invoice_keeps_both_standards(printer: TypstCompiler, make: Callable[..., Paper], locale: str, tmp_path: Path) -> None:
    paper = make(locale=locale)
    pdf = printer.printed(paper).pdf
    assert faults(pdf) == []
    (tmp_path / "paper.pdf").write_bytes(pdf)
    assert [f"{finding.rule_id} {finding.message}" for finding in validate(tmp_path / "paper.pdf").findings] == []
    check_attachment(pdf, str(paper.attachment()))


def check_attachment(pdf: bytes, xml: str) -> None:
    assert PdfReader(BytesIO(pdf), strict=True).attachments == {"factur-x.xml": [xml.encode()]}
    name, content = facturx.get_xml_from_pdf(pdf, check_xsd=True, check_schematron=False)
    assert (name, content) == ("factur-x.xml", xml.encode())
    with pikepdf.Pdf.open(BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
        (file,) = document.Root.AF
        assert (file.AFRelationship, file.EF.F.Subtype, file.UF) == ("/Alternative", "/text/xml", "factur-x.xml")
        assert document.Root.Names.EmbeddedFiles.Names[1] == file
        metadata = document.Root.Metadata.read_bytes()
    check_metadata(metadata)
    opened = pypdfium2.PdfDocument(pdf)
    assert opened.count_attachments() == 1
    opened.close()


def check_metadata(metadata: bytes) -> None:
    """Check the properties of Factur-X, and that the extension schema describes each of them."""
    tree = etree.fromstring(metadata)
    for name, text in PROPERTIES.items():
        (element,) = tree.iter(f"{FX}{name}")
        assert element.text == text
    schemas = [each for each in tree.iter() if str(each.tag).endswith("}namespaceURI") and each.text == FX.strip("{}")]
    assert len(schemas) == 1
    described_names = [each.text for each in schemas[0].getparent().iter() if str(each.tag).endswith("property#}name")]
    assert sorted(described_names) == sorted(PROPERTIES)
    for mark in (b"<pdfaid:part>3<", b"<pdfaid:conformance>A<", b"<pdfuaid:part>1<"):
        assert mark in metadata


async def test_a_large_invoice_has_it_too() -> None:
    paper = an_invoice(150)
    pdf = (await print_in_child(paper, ())).pdf
    assert faults(pdf) == []
    check_attachment(pdf, str(paper.attachment()))


def test_the_same_paper_is_the_same_bytes(printer: TypstCompiler) -> None:
    assert printer.printed(an_invoice()).pdf == TypstCompiler([]).printed(an_invoice()).pdf


def test_a_letter_that_cannot_be_printed_is_in_the_xml(printer: TypstCompiler) -> None:
    printed = printer.printed(an_invoice(name="A\ue000B"))
    assert printed.replaced == ("\ue000",)
    (content,) = PdfReader(BytesIO(printed.pdf)).attachments["factur-x.xml"]
    assert "A\ue000B" in content.decode()


def test_a_document_that_cannot_be_an_e_invoice_is_printed_without(printer: TypstCompiler) -> None:
    paper = replace(an_invoice(), attachment=partial(if_possible, partial(invoice_xml, *issued([line(10_000)]), parties(address_country=None))))
    pdf = printer.printed(paper).pdf
    assert faults(pdf) == []
    assert PdfReader(BytesIO(pdf)).attachments == {}
    assert b"factur-x" not in pdf


@pytest.mark.parametrize("broken", [b"xref", b"/Metadata", b"</rdf:RDF>", b"/Root"])
def test_a_pdf_that_is_laid_out_in_another_way_is_not_damaged(printer: TypstCompiler, broken: bytes) -> None:
    pdf = printer.printed(replace(an_invoice(), attachment=lambda: None)).pdf
    with pytest.raises(UnknownLayout):
        described(pdf.replace(broken, b"x" * len(broken)).replace(b"startx" + b"x" * 3, b"startxref"))
