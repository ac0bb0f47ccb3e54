"""Whether a PDF may be attached. Runs in a worker process: a hostile file may cost it its life, but not the server's."""

from io import BytesIO
from typing import BinaryIO

import pikepdf
from pikepdf import settings

from billing.refusals import ErrorCode, Refused
from storage.pdf import embedded, hybrid
from storage.pdf.unpacking import Budget, too_complex, unpack_object_streams
from storage.pdf.walk import Walk

MAX_DEPTH = 3
REMEDY = "Print it into a new PDF and attach that."
REMOVE = "Take it out, or print the PDF into a new one, and attach that."


def set_limits() -> None:
    """The parser never leaves a part out because of its size: what is too much is refused, and the process is bounded as a whole."""
    settings.set_qpdf_limits(parser_max_errors=0, parser_max_container_size_damaged=2**32 - 1)


def judge(file: BinaryIO, max_unpacked: int) -> None:
    """Raises Refused."""
    file.seek(0)
    if embedded.begins_otherwise(file.read(64)):
        raise Refused(ErrorCode.UNSAFE_FILE, "The file is of two formats at once: a program or an archive stands before the PDF.")
    file.seek(0)
    _judge(file, Budget(max_unpacked), depth=1)


def _judge(file: BinaryIO, budget: Budget, *, depth: int) -> None:
    limits_met = settings.qpdf_limit_errors()
    try:
        with pikepdf.open(file, inherit_page_attributes=False) as document:
            inner = _judge_objects(document, budget)
            file.seek(0)
            content = file.read()
            if hybrid.is_hybrid(content):
                inner += _judge_hidden(content, document, budget)
    except pikepdf.PasswordError as error:
        raise Refused(ErrorCode.PASSWORD_PROTECTED, "The PDF opens only with a password. Save it without one and attach that.") from error
    except pikepdf.PdfError as error:
        raise too_complex() if settings.qpdf_limit_errors() > limits_met else _unreadable(error) from error
    except MemoryError as error:
        raise too_complex() from error
    if settings.qpdf_limit_errors() > limits_met:
        raise too_complex()
    for embedded_pdf in inner:
        if depth == MAX_DEPTH:
            raise too_complex()
        _judge(BytesIO(embedded_pdf), budget, depth=depth + 1)


def _judge_objects(document: pikepdf.Pdf, budget: Budget) -> list[bytes]:
    """The PDFs that are embedded. Raises Refused."""
    unpack_object_streams(document, budget)
    walk = Walk(document, budget, is_whole=bool(document.get_warnings()))
    if objection := walk.objection():
        raise Refused(ErrorCode.UNSAFE_FILE, f"The PDF has {objection}. {REMOVE if 'embedded' in objection else REMEDY}")
    return walk.embedded_pdfs


def _judge_hidden(content: bytes, document: pikepdf.Pdf, budget: Budget) -> list[bytes]:
    """As `_judge_objects`, of what some readers see and others do not."""
    extended = hybrid.with_all_objects(content, document)
    if extended is None:
        raise too_complex()
    with pikepdf.open(BytesIO(extended), inherit_page_attributes=False) as seen:
        return _judge_objects(seen, budget)


def _unreadable(error: pikepdf.PdfError) -> Refused:
    """qpdf says only in words that a file is encrypted for the holders of certificates, or in a way that it does not know."""
    if "encrypt" in str(error).lower():
        return Refused(
            ErrorCode.PASSWORD_PROTECTED, "The PDF opens only with a certificate or in a special reader. Save it without protection and attach that."
        )
    return Refused(ErrorCode.UNSUPPORTED_FILE, "The file cannot be read as a PDF. Open it, save it again and attach that.")
