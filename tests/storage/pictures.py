"""Pictures for tests: files that Pillow writes in all its modes, and files with known damage."""

import io
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image

from tests.samples import chunk, jpeg, png, segment

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def written(mode: str, kind: str, size: tuple[int, int] = (37, 23), **options: Any) -> bytes:
    """Return a picture with a gradient, written by Pillow."""
    gradient = Image.linear_gradient("L").resize(size)
    picture = gradient.convert("I").point(lambda value: value * 257) if mode in ("I", "I;16") else gradient
    picture = picture.convert(mode) if picture.mode != mode else picture
    held = io.BytesIO()
    picture.save(held, kind, **options)
    return held.getvalue()


def by_pillow() -> Iterator[tuple[str, bytes, str]]:
    """Return name, bytes and media type of one picture for every mode and option that changes the structure of the file."""
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        yield f"PNG {mode}", written(mode, "PNG"), "image/png"
    for depth in (1, 2, 4, 8):
        yield f"PNG P of {depth} bits", written("P", "PNG", bits=depth), "image/png"
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue", "green")]
    held = io.BytesIO()
    frames[0].save(held, "PNG", save_all=True, append_images=frames[1:], duration=100)
    yield "APNG", held.getvalue(), "image/png"
    yield "PNG with text", written("RGB", "PNG", pnginfo=_text()), "image/png"
    yield "PNG of one pixel", written("RGBA", "PNG", (1, 1)), "image/png"
    for mode in ("1", "L", "RGB", "CMYK"):
        for options in ({}, {"progressive": True}, {"optimize": True}, {"quality": 100, "subsampling": 0}, {"restart_marker_rows": 1}, {"streamtype": 0}):
            yield f"JPEG {mode} {options}", written(mode, "JPEG", (333, 211), **options), "image/jpeg"
    exif = Image.Exif()
    exif[0x010E] = "A" * 40_000
    yield "JPEG with Exif and a profile", written("RGB", "JPEG", exif=exif, icc_profile=bytes(200_000), comment=b"<svg> is the root element"), "image/jpeg"
    held = io.BytesIO()
    frames[0].save(held, "MPO", save_all=True, append_images=frames[1:])
    yield "MPO", held.getvalue(), "image/jpeg"


def _text() -> Any:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Title", "How to use <script> tags in <svg> and <!DOCTYPE html>")
    text.add_text("Comment", "<html><?php ?>" * 500, zip=True)
    text.add_itxt("Description", "<svg xmlns='http://www.w3.org/2000/svg'>" * 20)
    return text


def header(width: int = 8, height: int = 8, depth: int = 8, colour: int = 2, compression: int = 0, filtering: int = 0, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, compression, filtering, interlace))


def png_of(ihdr: bytes, unpacked: int, *, before: bytes = b"", pieces: int = 1) -> bytes:
    """Return a PNG with this header and the number of bytes of rows and of chunks."""
    packed = zlib.compress(bytes(unpacked), 9)
    step = -(-len(packed) // pieces) or 1
    data = b"".join(chunk(b"IDAT", packed[at : at + step]) for at in range(0, len(packed), step))
    return SIGNATURE + ihdr + before + data + chunk(b"IEND", b"")


def plist() -> bytes:
    """Return the settings of a printer as Photoshop on macOS stores them."""
    text = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"><plist version="1.0"><dict/></plist>'
    return segment(0xED, b"Photoshop 3.0\x008BIM\x03\xe9\x00\x00" + struct.pack(">I", len(text)) + text)


MP4 = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom") + struct.pack(">I4s", 5008, b"mdat") + random.Random(7).randbytes(5000)
SAMSUNG = b"\x00\x00\x01\x0a\x0e\x00\x00\x00Image_UTC_Data1764351234567SEFHk\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01\x0a\x24\x00\x00\x00\x24\x00\x00\x00\x18\x00\x00\x00SEFT"

# Pictures of phones, cameras and programs, and data that tools append.
GOOD: dict[str, tuple[bytes, str]] = {
    "a newline behind a PNG": (png() + b"\n", "image/png"),
    "sixteen zeros behind a PNG": (png() + bytes(16), "image/png"),
    "a block of zeros and spaces behind a PNG": (png() + bytes(40_000) + b" \r\n\t" * 9, "image/png"),
    "a PNG of 1-byte chunks": (png_of(header(), 8 * 25, pieces=10_000), "image/png"),
    "a PNG with a megabyte more than its rows": (png_of(header(), 8 * 25 + 900_000), "image/png"),
    "a scan of A3 at 600 dpi": (png_of(header(7016, 9921, 1, 0), 9921 * 878), "image/png"),
    "a scan of A4 at 1200 dpi": (png_of(header(9921, 14031, 1, 0), 14031 * 1242), "image/png"),
    "an interlaced PNG": (png_of(header(5, 5, 8, 0, 0, 0, 1), 4 * 2 + 2 * 3 + 4 + 3 * 4 + 2 * 6 + 20), "image/png"),
    "a PNG whose text names a script": (png_of(header(), 8 * 25, before=chunk(b"tEXt", b"Title\0How to use <script>, <svg> and <html> tags")), "image/png"),
    "a PNG with its SVG": (png_of(header(), 8 * 25, before=chunk(b"iTXt", b'svg\0\0\0\0\0<?xml version="1.0"?><svg><script/></svg>')), "image/png"),
    "a JPEG with the print settings of Photoshop on a Mac": (jpeg(before=plist()), "image/jpeg"),
    "a JPEG whose comment names a drawing": (jpeg(before=segment(0xFE, b"drawn as <svg> with <script>")), "image/jpeg"),
    "a motion photo": (jpeg(3000) + MP4, "image/jpeg"),
    "a trailer of a phone": (jpeg(3000) + SAMSUNG, "image/jpeg"),
    "two pictures in one file": (jpeg(3000) + jpeg(3000), "image/jpeg"),
    "a newline and zeros behind a JPEG": (jpeg() + b"\r\n" + bytes(4096), "image/jpeg"),
    "bytes between the segments of a JPEG": (jpeg(before=b"\x00\x00\x00"), "image/jpeg"),
    "filling bytes before a marker": (jpeg(before=b"\xff\xff\xff"), "image/jpeg"),
    "a JPEG of 12 bits": (jpeg().replace(b"\xff\xc0\x00\x0b\x08", b"\xff\xc1\x00\x0b\x0c"), "image/jpeg"),
    "a photo of 50 megapixels": (jpeg(90_000, width=8192, height=6144), "image/jpeg"),
    "a photo of 200 megapixels": (jpeg(90_000, width=16320, height=12240), "image/jpeg"),
}

WHOLE = png_of(header(), 8 * 25)
SCAN = jpeg(9000)

# Files that are no picture, or only a part of one, with the error code.
BAD: dict[str, tuple[bytes, str, str]] = {
    "a PNG without data": (SIGNATURE + header() + chunk(b"IEND", b""), "image/png", "UNSUPPORTED_FILE"),
    "a PNG with data of no bytes": (SIGNATURE + header() + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "image/png", "UNSUPPORTED_FILE"),
    "a PNG whose data is noise": (SIGNATURE + header() + chunk(b"IDAT", b"no pixels at all") + chunk(b"IEND", b""), "image/png", "UNSUPPORTED_FILE"),
    "a PNG with too few rows": (png_of(header(), 8 * 25 - 1), "image/png", "UNSUPPORTED_FILE"),
    "a PNG without its end": (WHOLE[:-12], "image/png", "UNSUPPORTED_FILE"),
    "a PNG cut in its data": (WHOLE[:-20], "image/png", "UNSUPPORTED_FILE"),
    "a PNG with a second header": (png_of(header(), 8 * 25, before=header()), "image/png", "UNSUPPORTED_FILE"),
    "a PNG whose data unpacks to 50 MB": (png_of(header(), 50_000_000), "image/png", "TOO_COMPLEX"),
    "a PNG of very many chunks": (png_of(header(), 8 * 25, before=chunk(b"tEXt", b"") * 20_000), "image/png", "TOO_COMPLEX"),
    "a JPEG of very many segments": (jpeg(before=segment(0xFE, b"") * 20_000), "image/jpeg", "TOO_COMPLEX"),
    "a JPEG cut in its scan": (SCAN[:-2000], "image/jpeg", "UNSUPPORTED_FILE"),
    "a JPEG without its end": (SCAN[:-2], "image/jpeg", "UNSUPPORTED_FILE"),
    "a JPEG without a scan": (SCAN[: SCAN.index(b"\xff\xda")] + b"\xff\xd9", "image/jpeg", "UNSUPPORTED_FILE"),
    "a JPEG without a frame": (jpeg().replace(b"\xff\xc0", b"\xff\xfe"), "image/jpeg", "UNSUPPORTED_FILE"),
    "a JPEG of no rows": (jpeg(height=0), "image/jpeg", "UNSUPPORTED_FILE"),
    "a program behind a JPEG": (jpeg() + b"MZ\x90\x00" + bytes(60), "image/jpeg", "UNSAFE_FILE"),
    "a PDF behind a JPEG": (jpeg() + b"\n%PDF-1.4\n", "image/jpeg", "UNSAFE_FILE"),
    "anything behind a PNG": (png() + bytes(9) + b"x", "image/png", "UNSAFE_FILE"),
}
