"""PNG and JPEG as far as their headers go: is it one, how many pixels would it take, where does it end. Nothing is ever decoded.

https://www.w3.org/TR/png-3/ and https://www.w3.org/Graphics/JPEG/itu-t81.pdf (annex B).
"""

import struct
from collections.abc import Generator

from billing.attachments import MAX_PIXELS
from billing.refusals import ErrorCode, Refused
from storage.walk import Walk

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
START_OF_SCAN = 0xDA
END_OF_IMAGE = 0xD9
NOT_FRAMES = (0xC4, 0xC8, 0xCC)


def png() -> Walk:
    """All chunks to the last, so that nothing hides behind it."""
    yield len(PNG)
    header = yield 25
    if header[:8] != b"\x00\x00\x00\x0dIHDR":
        raise _broken("PNG")
    judge_pixels(*struct.unpack(">II", header[8:16]))
    kind = b"IHDR"
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", (yield 8))
        if length >= 2**31 or not kind.isalpha():
            raise _broken("PNG")
        yield -(length + 4)


def jpeg() -> Walk:
    """The segments before the picture itself; the frame among them has the dimensions."""
    yield 2
    is_framed = False
    marker = 0
    while marker != START_OF_SCAN:
        marker = yield from _marker()
        length = int.from_bytes((yield 2)) - 2
        if length < 0 or marker < 0xC0 or marker == END_OF_IMAGE:
            raise _broken("JPEG")
        if 0xC0 <= marker <= 0xCF and marker not in NOT_FRAMES and length > 5:
            height, width = struct.unpack(">xHH", (yield 5))
            judge_pixels(width, height)
            is_framed, length = True, length - 5
        if length:
            yield -length
    if not is_framed:
        raise _broken("JPEG")


def _marker() -> Generator[int, bytes, int]:
    if (yield 1) != b"\xff":
        raise _broken("JPEG")
    found = yield 1
    while found == b"\xff":
        found = yield 1
    return found[0]


def judge_pixels(width: int, height: int) -> None:
    """Raises Refused for a picture that would be too much to open."""
    if not width or not height:
        raise Refused(ErrorCode.UNSUPPORTED_FILE, "The picture has no pixels.")
    if width * height > MAX_PIXELS:
        raise Refused(ErrorCode.UNSAFE_FILE, f"The picture has {width} × {height} pixels; {MAX_PIXELS} are the most.")


def _broken(name: str) -> Refused:
    return Refused(ErrorCode.UNSUPPORTED_FILE, f"The file begins like a {name} and then is none.")
