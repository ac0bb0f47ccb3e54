"""Inspection of uploaded bytes as they are received: the type by content, the structure of pictures, a second format in the same file.

PDFs are parsed once they are complete, see `storage/pdf`.
"""

import re

from billing.files.file_types import JPEG, PDF, PNG
from billing.refusals import ErrorCode, Refused
from storage import jpeg, png
from storage.walk import ByteReaderDriver

HEAD = 1024
# How many bytes determine the type of a file: readers accept the header of a PDF anywhere in its first KiB.
RECOGNISED = HEAD + 64
# A ZIP's directory ends at most this many bytes before the end of the file.
TAIL = 22 + 65_535
ZIP_END = b"PK\x05\x06"
ZIP_ENTRY = b"PK\x01\x02"
RAR = b"Rar!\x1a\x07"
# How far into a file a RAR may begin.
RAR_REACH = 2 * 1024**2
PDF_HEADER = re.compile(rb"%PDF-|%!PS-Adobe-\d\.\d PDF-\d")
# Programs, archives and documents that begin right behind a picture: the second format is then the purpose of the file.
APPENDED_SIGNATURES = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!", b"PK\x03\x04", RAR, b"7z\xbc\xaf\x27\x1c", b"MSCF", b"%PDF-")
WALKS = {PNG: png.byte_reader, JPEG: jpeg.byte_reader}

# Common unsupported pictures, by puremagic's media type, the most specific first.
OTHER_PICTURES = {
    "image/heif": "HEIC",
    "image/heic": "HEIC",
    "image/avif": "AVIF",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/jxl": "JPEG XL",
    "image/jp2": "JPEG 2000",
    "image/svg+xml": "SVG",
    "image/x-ms-bmp": "BMP",
    "image/bmp": "BMP",
    "image/vnd.adobe.photoshop": "Photoshop",
}
# The brand of a picture file by ISO/IEC 14496-12 (https://mp4ra.org/registered-types/brands).
BRAND = re.compile(rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1|avi[fs])", re.DOTALL)
SVG = re.compile(rb"\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)", re.IGNORECASE)


def recognised(head: bytes) -> str:
    """Return the media type of a file by its first RECOGNISED bytes, or by all of a shorter file. Raises Refused."""
    if head.startswith(png.SIGNATURE):
        return PNG
    if head.startswith(jpeg.SIGNATURE):
        return JPEG
    if PDF_HEADER.search(head, 0, RECOGNISED):
        return PDF
    if other := _other_picture(head):
        raise Refused(ErrorCode.UNSUPPORTED_FILE, f"{other} files cannot be attached: export as JPEG, PNG or PDF, and attach that.")
    raise Refused(ErrorCode.UNSUPPORTED_FILE, "The file is no PDF, PNG or JPEG. Export or print it as PDF, a picture as JPEG, and attach that.")


class Inspector:
    """Inspects a file's bytes as they are received, in chunks of any size. `feed` and `finish` raise Refused."""

    def __init__(self, content_type: str) -> None:
        self._content_type = content_type
        self._head = b""
        self._tail = b""
        self._size = 0
        self._walker = None if content_type == PDF else ByteReaderDriver(WALKS[content_type])

    def feed(self, chunk: bytes) -> None:
        if len(self._head) < HEAD:
            self._head += chunk[: HEAD - len(self._head)]
            if len(self._head) == HEAD:
                self._check_head()
        if self._walker:
            self._walker.feed(chunk)
        if self._size < RAR_REACH and (RAR in chunk or RAR in self._tail[-len(RAR) :] + chunk[: len(RAR)]):
            raise _polyglot()
        self._size += len(chunk)
        self._tail = chunk[-TAIL:] if len(chunk) >= TAIL else (self._tail + chunk)[-TAIL:]

    def finish(self) -> None:
        """Check the file as a whole, after its last byte."""
        if len(self._head) < HEAD:
            self._check_head()
        if self._walker:
            self._check_end(self._walker)
        if _has_zip(self._tail, is_pdf=self._walker is None):
            raise _polyglot()

    def _check_head(self) -> None:
        """Check that the first bytes are those of the type and, in a picture, not also those of a PDF."""
        if recognised(self._head) != self._content_type:
            raise _unlike(self._content_type)
        if self._walker and PDF_HEADER.search(self._head):
            raise _polyglot()

    def _check_end(self, walker: ByteReaderDriver) -> None:
        """Check that a picture has its end. Nothing may follow it in a PNG; to a JPEG phones append another picture, a film or their own records."""
        if not walker.is_done:
            raise Refused(ErrorCode.UNSUPPORTED_FILE, "The picture breaks off before its end. Send the whole file.")
        if walker.trailer and (self._content_type == PNG or walker.trailer.startswith(APPENDED_SIGNATURES)):
            raise _polyglot()


def _other_picture(head: bytes) -> str | None:
    """Return the name of an unsupported picture type, or None."""
    if brand := BRAND.match(head):
        return "AVIF" if brand[1].startswith(b"avi") else "HEIC"
    if SVG.match(head) and b"<svg" in head.lower():
        return "SVG"
    # Imported with the first file of another type, which it takes 15 ms longer: its table of signatures takes a megabyte.
    import puremagic

    try:
        types = {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return None
    return next((name for content_type, name in OTHER_PICTURES.items() if content_type in types), None)


def _has_zip(tail: bytes, *, is_pdf: bool) -> bool:
    """Return whether a ZIP ends here: its end record is at the end of the file, or follows its directory. The same four bytes elsewhere are accidental.

    A PDF may embed a ZIP, which its own examination checks, but must not end with one.
    """
    at = tail.rfind(ZIP_END)
    while at >= 0:
        if len(tail) - at >= 22 and (_is_last(tail, at) or (not is_pdf and _follows_directory(tail, at))):
            return True
        at = tail.rfind(ZIP_END, 0, at)
    return False


def _is_last(tail: bytes, at: int) -> bool:
    return int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail) - at - 22


def _follows_directory(tail: bytes, at: int) -> bool:
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    return 0 < size <= at and tail[at - size :].startswith(ZIP_ENTRY)


def _unlike(content_type: str) -> Refused:
    return Refused(ErrorCode.UNSUPPORTED_FILE, f"The file's content is not {content_type}.")


def _polyglot() -> Refused:
    return Refused(ErrorCode.UNSAFE_FILE, "The file is of two formats at once.")
