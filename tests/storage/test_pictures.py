"""Pictures as people have them are taken, and what is no picture is not. Pillow is the independent reader: what is taken it opens, what it writes is taken."""

import io
import random
import re
import struct
import warnings
import zlib
from itertools import product

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from billing.files.attachments import MAX_PIXELS
from billing.refusals import ErrorCode, Refused
from storage import png as png_walk
from storage.sniff import Inspector, recognised
from tests.depth import by_depth
from tests.samples import chunk, jpeg, pdf, png
from tests.storage.pictures import BAD, GOOD, SIGNATURE, by_pillow, header, png_of

WRITTEN = list(by_pillow())
MUTATIONS = by_depth(100, 5_000)
# Rows of 8 × 8 pixels by colour type and bits: the table of the standard, and everything beside it.
POSSIBLE = {(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)}
# Damage that is no part of the structure: tables and frames of an animation are the decoder's, and bytes between segments are passed over by libjpeg and browsers,
# but not by Pillow, which also has no decoder for other depths than 8.
BEYOND = re.compile(r"no marker found|bad quantization table|-bit layers|^APNG|[Ss]yntax error|truncated|[Dd]ecompress")
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def judged(content: bytes, content_type: str, *, step: int = 65_536) -> ErrorCode | None:
    inspector = Inspector(content_type)
    try:
        for start in range(0, len(content), step):
            inspector.feed(content[start : start + step])
        inspector.finish()
    except Refused as refused:
        return refused.code
    return None


def trouble_of(content: bytes, content_type: str) -> str | None:
    """What Pillow has against a picture's structure; None if it opens."""
    reader = PngImageFile if content_type == "image/png" else JpegImageFile
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader(io.BytesIO(content))
    except Exception as error:  # whatever Pillow fails with
        return str(error)
    return None


@pytest.mark.parametrize("step", [997, 65_536])
@pytest.mark.parametrize(("content", "content_type"), GOOD.values(), ids=GOOD)
def test_pictures_as_people_have_them_are_taken(content: bytes, content_type: str, step: int) -> None:
    assert recognised(content[:1088]) == content_type
    assert judged(content, content_type, step=step) is None


@pytest.mark.parametrize("step", [997, 65_536])
@pytest.mark.parametrize(("content", "content_type", "code"), BAD.values(), ids=BAD)
def test_what_is_no_whole_picture_is_refused(content: bytes, content_type: str, code: str, step: int) -> None:
    assert judged(content, content_type, step=step) == code


@pytest.mark.parametrize(("content", "content_type"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN])
def test_what_pillow_writes_is_taken_in_whatever_chunks(content: bytes, content_type: str) -> None:
    assert trouble_of(content, content_type) is None
    for step in (1 if len(content) < 20_000 else 61, 1000, 1 << 20):
        assert judged(content, content_type, step=step) is None


def test_a_header_has_the_bits_that_its_colours_may_have() -> None:
    for depth, colour in product((*range(34), 99, 255), (*range(9), 77, 255)):
        rows = 8 * (1 + (8 * SAMPLES.get(colour, 1) * depth + 7) // 8)
        code = judged(png_of(header(depth=depth, colour=colour), rows), "image/png")
        assert code == (None if (colour, depth) in POSSIBLE else "UNSUPPORTED_FILE"), (colour, depth)


@pytest.mark.parametrize(
    "changed",
    [{"compression": 1}, {"filtering": 1}, {"interlace": 2}, {"width": 0}, {"height": 0}, {"width": 2**31}, {"height": 2**32 - 1}],
    ids=str,
)
def test_an_impossible_header_is_refused(changed: dict[str, int]) -> None:
    assert judged(png_of(header(), 8 * 25), "image/png") is None
    assert judged(png_of(header(**changed), 8 * 25), "image/png") in ("UNSUPPORTED_FILE", "TOO_MANY_PIXELS")


@pytest.mark.parametrize("interlace", [0, 1])
def test_the_rows_are_as_many_bytes_as_pillow_makes_of_them(interlace: int) -> None:
    """One byte less is refused, for all small sizes, so that the sum over the passes is right."""
    for width, height, (colour, depth) in product(range(1, 10), range(1, 10), ((0, 1), (2, 8), (6, 16))):
        ihdr = header(width, height, depth, colour, 0, 0, interlace)
        size = png_walk._unpacked_size(ihdr[4:8].join((b"\x00\x00\x00\x0d", ihdr[8:21])))
        assert judged(png_of(ihdr, size), "image/png") is None
        assert judged(png_of(ihdr, size - 1), "image/png") == "UNSUPPORTED_FILE"
        with Image.open(io.BytesIO(png_of(ihdr, size))) as picture:
            picture.load()
        with pytest.raises(OSError, match=r"truncated|broken"), Image.open(io.BytesIO(png_of(ihdr, size - 1))) as picture:
            picture.load()


def test_a_wrong_check_sum_anywhere_is_refused() -> None:
    content = png_of(header(), 8 * 25, before=chunk(b"tEXt", b"Title\0x") + chunk(b"gAMA", struct.pack(">I", 45455)))
    starts = [match.start() for match in re.finditer(rb"....(?=IHDR|tEXt|gAMA|IDAT|IEND)", content, re.DOTALL)]
    ends = [start + 8 + struct.unpack(">I", content[start : start + 4])[0] for start in starts]
    assert len(ends) == 5
    for end in ends:
        damaged = bytearray(content)
        damaged[end] ^= 1
        assert judged(bytes(damaged), "image/png") == "UNSUPPORTED_FILE"
    assert judged(content, "image/png") is None


def test_a_picture_of_the_largest_size_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work depends on the budget, not on the pixels."""
    unpacked = []
    real = png_walk.Pixels._unpack
    monkeypatch.setattr(png_walk.Pixels, "_unpack", lambda self, piece: unpacked.append(piece) or real(self, piece))
    assert MAX_PIXELS >= 256_000_000
    assert judged(png(width=2**14, height=2**14), "image/png") is None
    assert unpacked == []
    assert judged(png(), "image/png") is None
    assert unpacked


def test_a_picture_that_unpacks_without_end_costs_no_more_than_its_rows() -> None:
    pixels = png_walk.Pixels(200)
    with pytest.raises(Refused) as raised:
        pixels.feed(zlib.compress(bytes(60_000_000), 9))
    assert raised.value.code == "TOO_COMPLEX"
    assert pixels._unpacked <= 200 + png_walk.SPARE_BYTES + png_walk.STEP_BYTES


OTHERS = {
    "HEIC": [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80), b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf" + bytes(80), b"\0\0\0\x18ftypheix\0\0\0\0"],
    "AVIF": [b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(80)],
    "WebP": [b"RIFF\x24\0\0\0WEBPVP8 " + bytes(80)],
    "GIF": [b"GIF89a" + bytes(80), b"GIF87a" + bytes(80)],
    "TIFF": [b"II*\0\x08\0\0\0" + bytes(80), b"MM\0*\0\0\0\x08" + bytes(80)],
    "SVG": [b'<svg xmlns="http://www.w3.org/2000/svg">', b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg>', b'\n<!DOCTYPE svg PUBLIC "x" "y"><SVG>'],
    "BMP": [b"BM" + struct.pack("<IHHI", 1000, 0, 0, 54) + bytes(80)],
}


@pytest.mark.parametrize(("name", "head"), [(name, head) for name, heads in OTHERS.items() for head in heads])
def test_other_pictures_are_refused_with_what_to_do(name: str, head: bytes) -> None:
    with pytest.raises(Refused, match=f"^{name} files cannot be attached: export as JPEG") as raised:
        recognised(head)
    assert raised.value.code == "UNSUPPORTED_FILE"


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_other_pictures_of_pillow_are_called_by_their_names(kind: str) -> None:
    held = io.BytesIO()
    Image.new("RGB", (20, 20)).save(held, kind)
    with pytest.raises(Refused, match=f"(?i)^{kind} files cannot be attached: export as JPEG"):
        recognised(held.getvalue()[:1088])


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n", b"\x1b%-12345X@PJL JOB\r\n" * 20, bytes(1000)])
def test_a_pdf_is_recognised_with_a_kibibyte_before_its_header(before: bytes) -> None:
    assert recognised((before + pdf())[:1088]) == "application/pdf"


@pytest.mark.parametrize("head", [b"", b"x", b"PK\x03\x04" + bytes(60), b"<html><body>", b"MZ" + bytes(90), bytes(1088), b"\xff\xd8", b"\x89PNG"])
def test_what_is_none_of_the_types_is_refused(head: bytes) -> None:
    with pytest.raises(Refused) as raised:
        recognised(head)
    assert raised.value.code == "UNSUPPORTED_FILE"


def zipped(entry: bytes, *, behind: bytes) -> bytes:
    """A ZIP of one file (stored), with bytes behind it, that starts where it is put."""
    import zipfile

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", entry)
    return held.getvalue() + behind


@pytest.mark.parametrize("behind", [b"", b"xx", b"\n", b"\xff\xd9", bytes(4000)], ids=len)
def test_a_zip_behind_a_jpeg_is_found_also_with_bytes_behind_it(behind: bytes) -> None:
    import zipfile

    content = jpeg() + zipped(b"text" * 50, behind=behind)
    assert zipfile.is_zipfile(io.BytesIO(content)) or behind
    assert judged(content, "image/jpeg") == "UNSAFE_FILE"
    assert judged(jpeg() + b"note" + zipped(b"text", behind=behind), "image/jpeg") == "UNSAFE_FILE"


def mutated(content: bytes, chance: random.Random) -> bytes:
    """One of the changes that files suffer: a bit, a cut, a block lost, zeroed, doubled or exchanged, something inserted, a number at its border."""
    at, size = chance.randrange(len(content)), chance.choice((1, 2, 4, 16, 300))
    return chance.choice(
        (
            content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :],
            content[:at],
            content[:at] + content[at + size :],
            content[:at] + bytes(size) + content[at + size :],
            content[:at] + content[at : at + size] * 2 + content[at + size :],
            content[:at] + chance.randbytes(size) + content[at:],
            content[:at] + chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\0")) + content[at + 4 :],
        )
    )


def mended(content: bytes) -> bytes:
    """With right check sums in all chunks, so that what is behind them is judged."""
    made, at = [content[:8]], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        if length > len(content) - at - 12:
            break
        body = content[at + 4 : at + 8 + length]
        made.append(content[at : at + 4] + body + struct.pack(">I", zlib.crc32(body)))
        at += 12 + length
    return b"".join(made) + content[at:]


@pytest.mark.parametrize("part", range(4))
def test_no_damage_makes_judging_fail_and_what_is_taken_opens(part: int) -> None:
    chance = random.Random(f"pictures {part}")
    sources = [content for _, content, _ in WRITTEN if len(content) < 60_000]
    taken = 0
    for _ in range(MUTATIONS // 4):
        content = chance.choice(sources)
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            content = mutated(content, chance) or b"\0"
        if content.startswith(SIGNATURE) and chance.random() < 0.5:
            content = mended(content)
        try:
            kind = recognised(content[:1088])
        except Refused:
            continue
        code = judged(content, kind)
        assert code == judged(content, kind, step=chance.choice((7, 100, 1000)))
        if code is None:
            taken += 1
            trouble = trouble_of(content, kind)
            assert trouble is None or BEYOND.search(trouble), f"part {part}: Pillow does not open what was taken: {trouble}"
    assert taken
