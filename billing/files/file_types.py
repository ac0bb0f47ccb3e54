"""The type of a file, which its content decides. Its name and its declared type are corrected, and refused only if they claim another family of types.

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

# The first one is added to a name without an extension, and replaces a wrong one.
EXTENSIONS = {PDF: ("pdf",), PNG: ("png",), JPEG: ("jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp")}
TYPE_NAMES = {PDF: "a PDF", PNG: "a PNG", JPEG: "a JPEG"}
# Pictures of other types: phones and programs convert them to JPEG or PNG and do not change the name.
PICTURES = ("heic", "heif", "avif", "webp", "gif", "tif", "tiff", "bmp", "svg", "apng", "jxl", "jp2")
EXTENSION = re.compile(r"[A-Za-z0-9]{2,10}")
# Only Python's own table, so that a machine's own files have no influence.
KNOWN = MimeTypes()

PDF_ALIASES = (PDF, "application/x-pdf", "application/acrobat", "application/vnd.pdf", "applications/vnd.pdf", "text/pdf", "text/x-pdf", "pdf")
PNG_ALIASES = (PNG, "image/x-png", "image/apng", "image/vnd.mozilla.apng")
# The declared types of clients that do not know the type. `text/plain` is the default of a part of a form (RFC 7578 §4.4).
VAGUE = re.compile(r"[*]/[*]|application/[*]|text/plain|multipart/form-data|(binary|application)/(x-)?(octet-stream|binary|(force-)?download)|\w+/(x-)?unknown")


class Family(StrEnum):
    """The family of types of a name or a declared type. Within a family the type may be wrong."""

    DOCUMENT = "a document"
    PICTURE = "a picture"
    OTHER = "another kind of file"


def check_claims(file_name: str, declared: str, field: str) -> None:
    """Check a file's name and declared type. Raises Refused if one of them is neither a document nor a picture, or if they contradict each other."""
    by_name, by_declaration = family_of_name(file_name), family_of_declared(declared)
    if by_name is Family.OTHER:
        raise _unsupported(f"The name ends in .{_extension(file_name)[:20]}. Only PDF, PNG and JPEG files can be attached.", field)
    if by_declaration is Family.OTHER:
        raise _unsupported(f"The file is declared as {_claims_text(declared)[:100]}. Only PDF, PNG and JPEG files can be attached.", field)
    if by_name and by_declaration and by_name is not by_declaration:
        raise _unsupported(f"The file is named like {by_name} and declared as {_claims_text(declared)[:100]}.", field)


def check_content(content_type: str, file_name: str, declared: str, field: str) -> None:
    """Check the name and the declared type of a file of a detected type. Raises Refused if one of them is of another family."""
    check_claims(file_name, declared, field)
    family = _family_of_type(content_type)
    if family_of_name(file_name) not in (None, family):
        raise _unsupported(f"The file is {TYPE_NAMES[content_type]}, and its name ends in .{_extension(file_name)[:20]}.", field)
    if family_of_declared(declared) not in (None, family):
        raise _unsupported(f"The file is {TYPE_NAMES[content_type]}, and it is declared as {_claims_text(declared)[:100]}.", field)


def declared_type(file_name: str, declared: str) -> str | None:
    """Return the probable type of a file that is not uploaded yet; None if neither its name nor its declared type has one."""
    extension = _extension(file_name).lower()
    for content_type, extensions in EXTENSIONS.items():
        if extension in extensions:
            return content_type
    family = family_of_declared(declared) or family_of_name(file_name)
    if family is Family.PICTURE:
        return PNG if _claims_text(declared) in PNG_ALIASES else JPEG
    return PDF if family is Family.DOCUMENT else None


def clean_name(file_name: str) -> str:
    """Return the name for display: no folders, no control, direction or other invisible characters, no dots or spaces at its end; at most 255 bytes of UTF-8."""
    name = visible(file_name.replace("\\", "/").rpartition("/")[2]).rstrip(" ." + JOINERS)
    stem, dot, extension = name.rpartition(".")
    if not dot or not EXTENSION.fullmatch(extension):
        stem, dot, extension = name, "", ""
    return _cut(stem.strip(" ." + JOINERS) or "attachment", MAX_NAME_BYTES - len(dot + extension)) + dot + extension


def named(file_name: str, content_type: str) -> str:
    """Return a clean name with an extension of the type: unchanged, in place of one of the same family, or added."""
    extension = _extension(file_name)
    if extension.lower() in EXTENSIONS[content_type]:
        return file_name
    stem = file_name[: -len(extension) - 1] if extension and family_of_name(file_name) is _family_of_type(content_type) else file_name
    tail = f".{EXTENSIONS[content_type][0]}"
    return _cut(stem, MAX_NAME_BYTES - len(tail)) + tail


def family_of_name(file_name: str) -> Family | None:
    """Return the family of a name; None for a name without an extension that means a type."""
    extension = _extension(file_name).lower()
    if extension in EXTENSIONS[PDF]:
        return Family.DOCUMENT
    if extension in (*EXTENSIONS[PNG], *EXTENSIONS[JPEG], *PICTURES):
        return Family.PICTURE
    return Family.OTHER if extension and KNOWN.guess_type(f"a.{extension}")[0] else None


def family_of_declared(declared: str) -> Family | None:
    """Return the family of a declared type; None for one that names no certain type."""
    media_type = _claims_text(declared)
    if media_type in PDF_ALIASES:
        return Family.DOCUMENT
    if media_type.partition("/")[0] == "image":
        return Family.PICTURE
    return None if "/" not in media_type or VAGUE.fullmatch(media_type) else Family.OTHER


def _family_of_type(content_type: str) -> Family:
    return Family.DOCUMENT if content_type == PDF else Family.PICTURE


def _extension(file_name: str) -> str:
    """Return the extension of a name; empty for a name without one, such as `Invoice 1.5.2026 final` and `Sports club e.V`."""
    stem, _, extension = file_name.rpartition(".")
    return extension if stem and EXTENSION.fullmatch(extension) else ""


def _claims_text(declared: str) -> str:
    return declared.partition(";")[0].strip(' "').lower()


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip()


def _unsupported(message: str, field: str) -> Refused:
    return Refused(ErrorCode.UNSUPPORTED_FILE, message, field)
