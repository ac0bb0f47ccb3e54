"""The check whether a PDF may be attached. Runs in a worker process: a hostile file may end the worker, but not the server."""

from contextlib import suppress
from io import BytesIO
from typing import BinaryIO

import pikepdf
from pikepdf import settings

from billing.refusals import ErrorCode, Refused
from storage.pdf import embedded, hybrid
from storage.pdf.refusing import too_complex
from storage.pdf.unpacking import UnpackBudget, has_actions_in_lost_streams, has_written_actions, unpack_object_streams
from storage.pdf.walk import ObjectWalk

MAX_DEPTH = 3
END = b"%%EOF"
MAX_PADDING = 512
# The cross-reference table is cut off: each reader handles that differently.
CUT = "wrong size"
REMEDY = "Print it into a new PDF and attach that."
UNREADABLE = "The file cannot be read as a PDF. Open it, save it again and attach that."
DAMAGED = f"The PDF is damaged, and has actions that only some readers see. {REMEDY}"
REMOVE = "Take it out, or print the PDF into a new one, and attach that."


def set_limits() -> None:
    """Set the parser's limits, so that it never skips a part because of its size: too large files are refused, and the process is bounded as a whole."""
    settings.set_qpdf_limits(parser_max_errors=0, parser_max_container_size_damaged=2**32 - 1)


def examine(file: BinaryIO, max_unpacked: int) -> None:
    """Check a PDF. Raises Refused."""
    file.seek(0)
    if embedded.begins_otherwise(file.read(64)):
        raise Refused(ErrorCode.UNSAFE_FILE, "The file is of two formats at once: a program or an archive stands before the PDF.")
    file.seek(0)
    _examine(file, UnpackBudget(max_unpacked), depth=1)


def _examine(file: BinaryIO, budget: UnpackBudget, *, depth: int) -> None:
    limits_met = settings.qpdf_limit_errors()
    try:
        content = _without_padding(file.read())
        with pikepdf.open(BytesIO(content), inherit_page_attributes=False) as document:
            if document.is_encrypted and not document.user_password_matched:  # only the owner's password is empty, which not every reader tries
                raise _locked()
            inner = _check_views(document, content, budget)
    except pikepdf.PasswordError as error:
        raise _locked() from error
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:  # the last two: numbers out of range, and other limits of the parser
        raise too_complex() if settings.qpdf_limit_errors() > limits_met else _unreadable(error) from error
    except MemoryError as error:
        raise too_complex() from error
    if settings.qpdf_limit_errors() > limits_met:
        raise too_complex()
    for embedded_pdf in inner:
        if depth == MAX_DEPTH:
            raise too_complex()
        _examine(BytesIO(embedded_pdf), budget, depth=depth + 1)


def _without_padding(content: bytes) -> bytes:
    """Return the file without a long padding behind its end mark: the parser looks for the mark only in the last KiB, and would have to repair the file."""
    end = content.rfind(END)
    is_far = 0 <= end < len(content) - MAX_PADDING and b" obj" not in content[end:]
    return content[: end + len(END)] + b"\n" if is_far else content


def _check_views(document: pikepdf.Pdf, content: bytes, budget: UnpackBudget) -> list[bytes]:
    """Return the embedded PDFs. A damaged or hybrid file is checked as each kind of reader interprets it. Raises Refused."""
    embedded_pdfs, warnings = _check_objects(document, budget)
    if hybrid.is_hybrid(content):
        _check_hidden(content, document, budget)
    if any(CUT in warning for warning in warnings):
        raise Refused(ErrorCode.UNSUPPORTED_FILE, UNREADABLE)
    if any("(object " in warning for warning in warnings) and has_written_actions(content):
        raise Refused(ErrorCode.UNSAFE_FILE, DAMAGED)
    if warnings or _has_objects_behind(content):
        _check_repaired(content, budget)
    return embedded_pdfs


def _check_objects(document: pikepdf.Pdf, budget: UnpackBudget) -> tuple[list[bytes], list[str]]:
    """Return the embedded PDFs, and the parser's warnings of damage, most of which it gives only while it reads the objects. Raises Refused."""
    unpack_object_streams(document, budget)
    embedded_pdfs = _walked(document, budget, is_whole=False)
    warnings = _damage(document)
    if warnings:
        if has_actions_in_lost_streams(document, budget):
            raise Refused(ErrorCode.UNSAFE_FILE, DAMAGED)
        _walked(document, budget, is_whole=True)
    return embedded_pdfs, warnings + _damage(document)


def _damage(document: pikepdf.Pdf) -> list[str]:
    """Return the parser's new warnings since the last call, without those that every reader handles alike."""
    return [warning for warning in document.get_warnings() if "handled correctly by" not in warning]


def _walked(document: pikepdf.Pdf, budget: UnpackBudget, *, is_whole: bool) -> list[bytes]:
    walk = ObjectWalk(document, budget, is_whole=is_whole)
    if objection := walk.objection():
        raise Refused(ErrorCode.UNSAFE_FILE, f"The PDF has {objection}. {REMOVE if 'embedded' in objection else REMEDY}")
    return walk.embedded_pdfs


def _has_objects_behind(content: bytes) -> bool:
    """Return whether objects follow the last `startxref`: a revision without its end, which some readers accept and others do not."""
    return content.find(b" obj", max(content.rfind(b"startxref"), 0)) >= 0


def _check_repaired(content: bytes, budget: UnpackBudget) -> None:
    """Check the file as readers interpret it that ignore the cross-reference and search for objects themselves. Raises Refused."""
    untrusted = BytesIO(content.replace(b"startxref", b"startnone"))
    with suppress(pikepdf.PdfError), pikepdf.open(untrusted, inherit_page_attributes=False) as repaired:
        _check_objects(repaired, budget)


def _check_hidden(content: bytes, document: pikepdf.Pdf, budget: UnpackBudget) -> None:
    """Check the objects that only readers of a hybrid file's streams read. Raises Refused."""
    extended = hybrid.with_all_objects(content, document)
    if extended is None:
        raise too_complex()
    with pikepdf.open(BytesIO(extended), inherit_page_attributes=False) as seen:
        _check_objects(seen, budget)


def _locked() -> Refused:
    return Refused(ErrorCode.PASSWORD_PROTECTED, "The PDF opens only with a password. Save it without one and attach that.")


def _unreadable(error: Exception) -> Refused:
    """Return the refusal. Encryption by certificates, and unknown encryption, are recognised by the text of qpdf's error only."""
    if "encrypt" in str(error).lower():
        return Refused(
            ErrorCode.PASSWORD_PROTECTED, "The PDF opens only with a certificate or in a special reader. Save it without protection and attach that."
        )
    return Refused(ErrorCode.UNSUPPORTED_FILE, UNREADABLE)
