"""What may be attached to an invoice or a payment schedule. The figures are the product's; the API publishes them as `limits`."""

import unicodedata
from collections.abc import Sequence

from billing.refusals import ErrorCode, Refused

CONTENT_TYPES = ("application/pdf", "image/png", "image/jpeg")
MAX_FILE_BYTES = 10 * 1024**2
MAX_GROUP_BYTES = 30 * 1024**2
MAX_GROUP_FILES = 20
MAX_PIXELS = 40_000_000
MAX_NAME_BYTES = 255
# What checking one PDF may unpack, and take of the processor.
MAX_PDF_UNPACKED_BYTES = 64 * 1024**2
MAX_PDF_SECONDS = 2

BY_EXTENSION = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "jfif": "image/jpeg"}

# What clients say that do not know: curl without a type, Python's gql, some browsers.
UNDECLARED = ("", "application/octet-stream")

# Joiners are format characters too, but names in Persian and many emoji need them.
JOINERS = "\u200c\u200d"


def judge_count(count: int, field: str = "files") -> None:
    """Raises Refused."""
    if not count:
        raise Refused(ErrorCode.INVALID_VALUE, "Name at least one file.", field)
    if count > MAX_GROUP_FILES:
        raise Refused(ErrorCode.TOO_MANY_FILES, f"One upload takes at most {MAX_GROUP_FILES} files.", field)


def judge_sizes(sizes: Sequence[int]) -> None:
    """The sizes of a group's files so far, in bytes; the last one may still be growing. Raises Refused, naming the first file that is too large."""
    for number, size in enumerate(sizes):
        if size > MAX_FILE_BYTES:
            raise Refused(ErrorCode.FILE_TOO_LARGE, f"A file may have at most {MAX_FILE_BYTES} bytes.", f"files.{number}")
    if sum(sizes) > MAX_GROUP_BYTES:
        raise Refused(
            ErrorCode.GROUP_TOO_LARGE, f"The files of one upload may have at most {MAX_GROUP_BYTES} bytes together. Send the others in another one.", "files"
        )


def judge_size(size: int, field: str) -> None:
    """Raises Refused for a file without a byte."""
    if size < 1:
        raise Refused(ErrorCode.EMPTY_FILE, "The file is empty.", field)


def has_room(count: int, limit: int) -> bool:
    """Whether `count` files can be attached to one thing."""
    return count <= limit


def judge_room(count: int, limit: int) -> None:
    """`count` files would be attached to one thing. Raises Refused."""
    if not has_room(count, limit):
        raise Refused(ErrorCode.QUOTA_EXCEEDED, f"No more than {limit} files can be attached to one invoice or payment schedule.", "files")


def type_of(file_name: str, declared: str, field: str) -> str:
    """The media type that a file's name and its declared type agree on. Raises Refused."""
    by_name = BY_EXTENSION.get(file_name.rpartition(".")[2].lower())
    said = declared.partition(";")[0].strip().lower()
    if by_name is None:
        raise Refused(ErrorCode.UNSUPPORTED_FILE, "Only PDF, PNG and JPEG files can be attached, and their names must end so.", field)
    if said not in (by_name, *UNDECLARED):
        raise Refused(ErrorCode.UNSUPPORTED_FILE, f"The file is named like {by_name} and declared as {said[:100]}.", field)
    return by_name


def clean_name(given: str) -> str:
    """The name as it is shown: no folders, no control, direction or other invisible characters, at most 255 bytes of UTF-8. Its extension stays."""
    last = given.replace("\\", "/").rpartition("/")[2]
    visible = "".join(_shown(character) for character in unicodedata.normalize("NFC", last))
    stem, dot, extension = " ".join(visible.split()).rpartition(".")
    if not dot:
        stem, extension = extension, ""
    stem = stem.strip(" ." + JOINERS) or "attachment"
    tail = f"{dot}{extension.strip()}".encode()[: MAX_NAME_BYTES - 10].decode(errors="ignore")
    return _cut(stem, MAX_NAME_BYTES - len(tail.encode())) + tail


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zl", "Zp") or (category == "Cc" and character.isspace()):
        return " "
    return "" if category[0] == "C" and character not in JOINERS else character


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip()
