"""Limits of the files of an invoice or a payment schedule. The figures belong to the product; the API publishes them as `limits`."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.refusals import ErrorCode, Refused

MAX_FILE_BYTES = 10 * 1024**2
MAX_GROUP_BYTES = 30 * 1024**2
MAX_GROUP_FILES = 100
# A request with files: a whole group and 1 MiB for the rest of the request. Below: the limit of the field `operations` and of the field `map`.
MAX_REQUEST_BYTES = MAX_GROUP_BYTES + 1024**2
MAX_FIELD_BYTES = 256 * 1024
# 16,384 × 16,384. The gateway does not decode pictures; the limit protects programs that open them.
MAX_PIXELS = 2**28
# The bytes that are unpacked of one file to check it.
MAX_UNPACKED_BYTES = 64 * 1024**2
# The processor time of checking one PDF.
MAX_PROCESSOR_SECONDS = 2
# Chunks of a PNG, segments of a JPEG. Each takes some microseconds to check. Encoders write at most some thousands in 10 MiB.
MAX_PICTURE_PARTS = 20_000


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The limits that operators may set. `per_parent`: files of one invoice or schedule, None for any number; `upload_seconds`: the time of a request with files, up to
    its answer; `statement_rows` and `statement_csv_rows`: entries of a statement of account, which is a file too."""

    per_parent: int | None = None
    upload_seconds: float = 120.0
    downloads_per_minute: int = 300
    statement_rows: int = 10_000
    statement_csv_rows: int = 50_000


DEFAULT_LIMITS = FileLimits()


def check_count(count: int, field: str = "files") -> None:
    """Check the number of files of an upload. Raises Refused."""
    if not count:
        raise Refused(ErrorCode.INVALID_VALUE, "Name at least one file.", field)
    if count > MAX_GROUP_FILES:
        raise Refused(ErrorCode.TOO_MANY_FILES, f"One upload takes at most {MAX_GROUP_FILES} files.", field)


def check_sizes(sizes: Sequence[int]) -> None:
    """Check the sizes of a group's files so far, in bytes; the last file may still be growing. Raises Refused, which names the first file that is too large."""
    for number, size in enumerate(sizes):
        if size > MAX_FILE_BYTES:
            raise Refused(ErrorCode.FILE_TOO_LARGE, f"A file may have at most {MAX_FILE_BYTES} bytes.", f"files.{number}")
    if sum(sizes) > MAX_GROUP_BYTES:
        raise Refused(
            ErrorCode.GROUP_TOO_LARGE, f"The files of one upload may have at most {MAX_GROUP_BYTES} bytes together. Send the others in another one.", "files"
        )


def check_size(size: int, field: str) -> None:
    """Check that a file is not empty. Raises Refused."""
    if size < 1:
        raise Refused(ErrorCode.EMPTY_FILE, "The file is empty.", field)


def has_room(count: int, limit: int | None) -> bool:
    """Return whether `count` files can be attached to one invoice or schedule. None is no limit."""
    return limit is None or count <= limit


def check_room(count: int, limit: int | None) -> None:
    """Check that `count` files can be attached to one invoice or schedule. Raises Refused."""
    if not has_room(count, limit):
        raise Refused(ErrorCode.QUOTA_EXCEEDED, f"No more than {limit} files can be attached to one invoice or payment schedule.", "files")


def check_pixels(width: int, height: int) -> None:
    """Check the number of pixels of a picture. Raises Refused."""
    if not width or not height:
        raise Refused(ErrorCode.UNSUPPORTED_FILE, "The picture has no pixels.")
    if width * height > MAX_PIXELS:
        raise Refused(ErrorCode.TOO_MANY_PIXELS, f"The picture has {width} × {height} pixels; {MAX_PIXELS:,} are the most. Make it smaller.")
