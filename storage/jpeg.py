"""The structure of JPEG (https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B): the frame's size, and that the scans are complete.

Bytes between segments that are not a marker are skipped, as readers do. `storage/sniff.py` checks what follows the end of the picture: phones append a second
picture, a film or their own records.
"""

import re
import struct

from billing.files.attachments import MAX_PICTURE_PARTS, check_pixels
from billing.refusals import ErrorCode, Refused
from storage.walk import ByteReader, ReadBytes, Seek, StreamBytes, ignore

SIGNATURE = b"\xff\xd8\xff"
# In the data of a scan FF 00 is the byte FF, and FF D0 to FF D7 are its restart markers. Codes below C0 are not markers of a picture.
MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
START_OF_IMAGE = 0xD8
END_OF_IMAGE = 0xD9
START_OF_SCAN = 0xDA
# Start of a frame: C0 to CF without the tables of Huffman and arithmetic codes, and the reserved code.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def byte_reader() -> ByteReader:
    """Read the segments and scans up to the end of the image. Raises Refused."""
    if (yield ReadBytes(2)) != SIGNATURE[:2]:
        raise Refused(ErrorCode.UNSUPPORTED_FILE, "The file is not a JPEG.")
    is_framed = is_scanned = False
    for _ in range(MAX_PICTURE_PARTS):
        marker = (yield Seek(MARKER))[1]
        if marker == END_OF_IMAGE:
            if not is_scanned:
                raise broken("it ends before its first scan")
            return
        length = int.from_bytes((yield ReadBytes(2))) - 2
        if marker == START_OF_IMAGE or length < 0:
            raise broken("one of its segments is invalid")
        if marker in FRAMES:
            if length < 6:
                raise broken("its frame is too short")
            _check_frame((yield ReadBytes(6)), length)
            is_framed, length = True, length - 6
        elif marker == START_OF_SCAN and not is_framed:
            raise broken("it has a scan before its frame")
        is_scanned |= marker == START_OF_SCAN
        yield StreamBytes(length, ignore)
    raise Refused(ErrorCode.TOO_COMPLEX, f"The JPEG has more than {MAX_PICTURE_PARTS} segments. Save it again.")


def _check_frame(frame: bytes, length: int) -> None:
    """Raise Refused for an impossible frame. Its components, of three bytes each, follow these bytes."""
    depth, height, width, components = struct.unpack(">BHHB", frame)
    if not 2 <= depth <= 16 or not 1 <= components <= 4 or length != 6 + 3 * components:
        raise broken("its frame is impossible")
    check_pixels(width, height)


def broken(why: str) -> Refused:
    return Refused(ErrorCode.UNSUPPORTED_FILE, f"The file begins like a JPEG, but {why}.")
