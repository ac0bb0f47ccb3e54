"""Which type a file has: its content decides. What its name and its declared type say is corrected, and refused only where it says something quite different.

The reasons are in docs/decisions/0057-content-decides-the-type.md.
"""

import re
from enum import StrEnum
from mimetypes import MimeTypes

from billing.refusals import ErrorCode, Refused
from billing.visible_text import JOINERS, visible

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
CONTENT_TYPES = (PDF, PNG, JPEG)
MAX_NAME_BYTES = 255

# The first one is given to a name that has none, or another one.
EXTENSIONS = {PDF: ("pdf",), PNG: ("png",), JPEG: ("jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp")}
TYPE_NAMES = {PDF: "a PDF", PNG: "a PNG", JPEG: "a JPEG"}
# Pictures of other types: phones and programs convert them to JPEG or PNG and leave the name as it was.
PICTURES = ("heic", "heif", "avif", "webp", "gif", "tif", "tiff", "bmp", "svg", "apng", "jxl", "jp2")
EXTENSION = re.compile(r"[A-Za-z0-9]{2,10}")
# Only the table that comes with Python, so that a machine's own files change nothing.
KNOWN = MimeTypes()

PDF_ALIASES = (PDF, "application/x-pdf", "application/acrobat", "application/vnd.pdf", "applications/vnd.pdf", "text/pdf", "text/x-pdf", "pdf")
PNG_ALIASES = (PNG, "image/x-png", "image/apng", "image/vnd.mozilla.apng")
# What clients say that do not know. `text/plain` is what a part of a form has that says nothing (RFC 7578 §4.4).
VAGUE = re.compile(r"[*]/[*]|application/[*]|text/plain|multipart/form-data|(binary|application)/(x-)?(octet-stream|binary|(force-)?download)|\w+/(x-)?unknown")


class Family(StrEnum):
    """What a name or a declared type says. Within a family it may be wrong about the type."""

    DOCUMENT = "a document"
    PICTURE = "a picture"
    OTHER = "another kind of file"


def check_claims(file_name: str, declared: str, field: str) -> None:
    """Raises Refused if a file's name or declared type says that it is neither a document nor a picture, or if they contradict each other."""
    by_name, said = family_of_name(file_name), family_of_declared(declared)
    if by_name is Family.OTHER:
        raise _unsupported(f"The name ends in .{_extension(file_name)[:20]}. Only PDF, PNG and JPEG files can be attached.", field)
    if said is Family.OTHER:
        raise _unsupported(f"The file is declared as {_claims_text(declared)[:100]}. Only PDF, PNG and JPEG files can be attached.", field)
    if by_name and said and by_name is not said:
        raise _unsupported(f"The file is named like {by_name} and declared as {_claims_text(declared)[:100]}.", field)


def check_content(content_type: str, file_name: str, declared: str, field: str) -> None:
    """Raises Refused if a file of this type has the name or the declared type of another family."""
    check_claims(file_name, declared, field)
    family = _family_of_type(content_type)
    if family_of_name(file_name) not in (None, family):
        raise _unsupported(f"The file is {TYPE_NAMES[content_type]}, and its name ends in .{_extension(file_name)[:20]}.", field)
    if family_of_declared(declared) not in (None, family):
        raise _unsupported(f"The file is {TYPE_NAMES[content_type]}, and it is declared as {_claims_text(declared)[:100]}.", field)


def declared_type(file_name: str, declared: str) -> str | None:
    """The type that a file will probably have whose bytes are not here yet; None if neither its name nor its declared type says one."""
    extension = _extension(file_name).lower()
    for content_type, extensions in EXTENSIONS.items():
        if extension in extensions:
            return content_type
    said = family_of_declared(declared) or family_of_name(file_name)
    if said is Family.PICTURE:
        return PNG if _claims_text(declared) in PNG_ALIASES else JPEG
    return PDF if said is Family.DOCUMENT else None


def clean_name(file_name: str) -> str:
    """Return the name for display: no folders, no control, direction or other invisible characters, no dots or spaces at its end; at most 255 bytes of UTF-8."""
    name = visible(file_name.replace("\\", "/").rpartition("/")[2]).rstrip(" ." + JOINERS)
    stem, dot, extension = name.rpartition(".")
    if not dot or not EXTENSION.fullmatch(extension):
        stem, dot, extension = name, "", ""
    return _cut(stem.strip(" ." + JOINERS) or "attachment", MAX_NAME_BYTES - len(dot + extension)) + dot + extension


def named(file_name: str, content_type: str) -> str:
    """A clean name with an extension of its type: as it is, in place of one of the same family, or added."""
    extension = _extension(file_name)
    if extension.lower() in EXTENSIONS[content_type]:
        return file_name
    stem = file_name[: -len(extension) - 1] if extension and family_of_name(file_name) is _family_of_type(content_type) else file_name
    tail = f".{EXTENSIONS[content_type][0]}"
    return _cut(stem, MAX_NAME_BYTES - len(tail)) + tail


def family_of_name(file_name: str) -> Family | None:
    """None for a name without an extension: what follows its last dot means no type."""
    extension = _extension(file_name).lower()
    if extension in EXTENSIONS[PDF]:
        return Family.DOCUMENT
    if extension in (*EXTENSIONS[PNG], *EXTENSIONS[JPEG], *PICTURES):
        return Family.PICTURE
    return Family.OTHER if extension and KNOWN.guess_type(f"a.{extension}")[0] else None


def family_of_declared(declared: str) -> Family | None:
    """None for a declared type that says nothing."""
    said = _claims_text(declared)
    if said in PDF_ALIASES:
        return Family.DOCUMENT
    if said.partition("/")[0] == "image":
        return Family.PICTURE
    return None if "/" not in said or VAGUE.fullmatch(said) else Family.OTHER


def _family_of_type(content_type: str) -> Family:
    return Family.DOCUMENT if content_type == PDF else Family.PICTURE


def _extension(file_name: str) -> str:
    """Empty for a name without one: `Invoice 1.5.2026 final` and `Sports club e.V` have none."""
    stem, _, extension = file_name.rpartition(".")
    return extension if stem and EXTENSION.fullmatch(extension) else ""


def _claims_text(declared: str) -> str:
    return declared.partition(";")[0].strip(' "').lower()


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip()


def _unsupported(message: str, field: str) -> Refused:
    return Refused(ErrorCode.UNSUPPORTED_FILE, message, field)
