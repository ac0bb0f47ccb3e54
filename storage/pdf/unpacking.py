"""Unpacks streams of one file within one budget of bytes."""

from pikepdf import Pdf, PdfError, Stream, StreamDecodeLevel
from pikepdf.settings import set_qpdf_limits

from billing.refusals import ErrorCode, Refused

UNREADABLE = "A part of the PDF is packed in a way that cannot be read. Print it into a new PDF and attach that."
TOO_COMPLEX = "The PDF takes too much work to check. Print it into a new PDF, or split it, and attach that."


def too_complex() -> Refused:
    return Refused(ErrorCode.TOO_COMPLEX, TOO_COMPLEX)


class Budget:
    """How many bytes a file's streams may still unpack to together. Streams that nothing has to read (pages, pictures, fonts) are not unpacked."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._apply()

    def unpacked(self, stream: Stream) -> bytes:
        """The stream's bytes. Raises Refused: TOO_COMPLEX beyond the budget, UNSAFE_FILE for a filter that hides what is inside."""
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
        """qpdf stops at the budget instead of unpacking a stream as a whole first. Zero would mean no limit."""
        most = self._left + 1
        set_qpdf_limits(flate_max_memory=most, run_length_max_memory=most, png_max_memory=most, tiff_max_memory=most)


def unpack_object_streams(document: Pdf, budget: Budget) -> None:
    """Count what the object and cross-reference streams unpack to, before objects in them are read. Raises Refused."""
    entries = document.get_xref_table().values()
    for number in sorted({entry.obj_stream_number for entry in entries if entry.obj_stream_number}):
        stream = document.get_object(number, 0)
        if isinstance(stream, Stream):
            budget.unpacked(stream)
