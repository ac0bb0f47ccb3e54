"""Decompression of the streams of one file within one budget of bytes."""

import re

from pikepdf import Pdf, PdfError, Stream, StreamDecodeLevel
from pikepdf.settings import set_qpdf_limits

from billing.refusals import ErrorCode, Refused
from storage.pdf.refusing import too_complex

# Names of actions that are refused in at least one place.
ACTION_NAME = re.compile(rb"/(?:JavaScript|JS|Launch|Rendition|RichMedia\w*|SubmitForm|ImportData|URI|GoToR|GoToE|Thread|EF|XFA)(?![A-Za-z])")
ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
# Actions in the bytes of the file, which a reader may recover from a damaged file.
WRITTEN_ACTION = re.compile(
    rb"/S\s*/(?:JavaScript|Launch|Rendition|RichMediaExecute|SubmitForm|ImportData)(?![A-Za-z])|/(?:OpenAction|O|C|WC|PO|PV|Next)\s*<<\s*/S\s*/URI"
)
UNREADABLE = "A part of the PDF is packed in a way that cannot be read. Print it into a new PDF and attach that."


class UnpackBudget:
    """How many bytes the streams of a file may still decompress to in total. Streams that need no check (pages, pictures, fonts) are not decompressed."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._apply()

    def unpacked(self, stream: Stream) -> bytes:
        """Return the stream's bytes. Raises Refused: TOO_COMPLEX beyond the budget, UNSAFE_FILE for a filter that cannot be decoded."""
        try:
            content = stream.read_bytes(StreamDecodeLevel.specialized)
        except (PdfError, RuntimeError) as error:
            # qpdf's limits have no exception of their own.
            raise too_complex() if "limit" in str(error) else Refused(ErrorCode.UNSAFE_FILE, UNREADABLE) from error
        self._left -= len(content)
        if self._left < 0:
            raise too_complex()
        self._apply()
        return content

    def _apply(self) -> None:
        """Set qpdf's limits, so that it stops at the budget before it has decompressed a whole stream. Zero would mean no limit."""
        most = self._left + 1
        set_qpdf_limits(flate_max_memory=most, run_length_max_memory=most, png_max_memory=most, tiff_max_memory=most)


def unpack_object_streams(document: Pdf, budget: UnpackBudget) -> None:
    """Decompress the object streams within the budget, before objects in them are read. Raises Refused."""
    for number in sorted(_holders(document)):
        stream = document.get_object(number, 0)
        if isinstance(stream, Stream):
            budget.unpacked(stream)


def has_actions_in_lost_streams(document: Pdf, budget: UnpackBudget) -> bool:
    """Return whether an object stream outside of the cross-reference names a refused action. Readers that repair a damaged file read such streams, qpdf does not."""
    holders = _holders(document)
    for number, generation in document.get_xref_table():
        stream = document.get_object(number, generation) if number not in holders else None
        if isinstance(stream, Stream) and "/First" in stream and ACTION_NAME.search(_with_plain_names(budget.unpacked(stream))):
            return True
    return False


def has_written_actions(content: bytes) -> bool:
    return WRITTEN_ACTION.search(_with_plain_names(content)) is not None


def _holders(document: Pdf) -> set[int]:
    """Return the numbers of the object streams that the cross-reference names."""
    return {entry.obj_stream_number for entry in document.get_xref_table().values() if entry.obj_stream_number}


def _with_plain_names(content: bytes) -> bytes:
    return ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), content)
