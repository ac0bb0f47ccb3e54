"""PDFs written by the installed libraries, with the expected result of the check."""

from collections.abc import Callable
from io import BytesIO

import pikepdf
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from reportlab.lib.colors import black
from reportlab.pdfgen.canvas import Canvas

from billing.refusals import ErrorCode

Written = Callable[[], bytes]


def drawn() -> bytes:
    """Return a report with a form, a link, an outline, and a title that contains the name of an action."""
    written = BytesIO()
    canvas = Canvas(written)
    canvas.setTitle("JavaScript and Launch in two days")
    canvas.bookmarkPage("top")
    canvas.addOutlineEntry("First page", "top")
    canvas.drawString(72, 700, "An invoice")
    canvas.linkURL("https://example.com/Web/JavaScript", (72, 600, 200, 620))
    canvas.linkRect("up", "top", (72, 500, 200, 520))
    canvas.acroForm.textfield(name="name", x=72, y=400, value="Ada", borderColor=black)
    canvas.acroForm.checkbox(name="agreed", x=72, y=350)
    canvas.showPage()
    canvas.save()
    return written.getvalue()


def scanned() -> bytes:
    """Return a PDF with pictures as pages."""
    written = BytesIO()
    pages = [Image.new(mode, (60, 80)) for mode in ("RGB", "L", "1")]
    pages[0].save(written, "PDF", save_all=True, append_images=pages[1:], title="Scan")
    return written.getvalue()


def _by_qpdf(**options: object) -> Written:
    def write() -> bytes:
        written = BytesIO()
        with pikepdf.open(BytesIO(drawn())) as document:
            document.save(written, **options)  # type: ignore[arg-type]
        return written.getvalue()

    return write


def _by_pypdf(change: Callable[[PdfWriter], object]) -> Written:
    def write() -> bytes:
        writer, written = PdfWriter(clone_from=PdfReader(BytesIO(drawn()))), BytesIO()
        change(writer)
        writer.write(written)
        return written.getvalue()

    return write


def _add_script(writer: PdfWriter) -> None:
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1);")}
    )


def _revised() -> bytes:
    """Return the file with an appended revision, as signing does it."""
    writer, written = PdfWriter(BytesIO(drawn()), incremental=True), BytesIO()
    writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url="https://example.com"))
    writer.write(written)
    return written.getvalue()


ACCEPTED: dict[str, Written] = {
    "reportlab": drawn,
    "Pillow": scanned,
    "qpdf, linearized": _by_qpdf(linearize=True),
    "qpdf, object streams": _by_qpdf(object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "qpdf, readable": _by_qpdf(qdf=True),
    "qpdf, protected against changes": _by_qpdf(encryption=pikepdf.Encryption(owner="o", user="")),
    "pypdf": _by_pypdf(lambda writer: writer.add_blank_page(60, 80)),
    "pypdf, compressed": _by_pypdf(lambda writer: [page.compress_content_streams() for page in writer.pages]),
    "pypdf, with data": _by_pypdf(lambda writer: writer.add_attachment("factur-x.xml", b"<invoice/>")),
    "pypdf, protected against changes": _by_pypdf(lambda writer: writer.encrypt("", "o", algorithm="AES-256")),
    "pypdf, a revision": _revised,
}
UNSAFE: dict[str, Written] = {
    "pypdf, with a script": _by_pypdf(_add_script),
    "pypdf, with a program": _by_pypdf(lambda writer: writer.add_attachment("setup.exe", b"MZ\x90\0")),
}
LOCKED: dict[str, Written] = {
    "qpdf, with a password": _by_qpdf(encryption=pikepdf.Encryption(owner="o", user="u")),
    "qpdf, with a password of the user alone": _by_qpdf(encryption=pikepdf.Encryption(owner="", user="u")),
    "pypdf, with a password": _by_pypdf(lambda writer: writer.encrypt("u", "o", algorithm="RC4-128")),
}
VERDICTS: dict[str, tuple[Written, ErrorCode | None]] = {
    **{name: (write, None) for name, write in ACCEPTED.items()},
    **{name: (write, ErrorCode.UNSAFE_FILE) for name, write in UNSAFE.items()},
    **{name: (write, ErrorCode.PASSWORD_PROTECTED) for name, write in LOCKED.items()},
}
