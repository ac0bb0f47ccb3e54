"""What bytes really are, in whatever chunks they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.refusals import ErrorCode, Refused
from storage.sniff import TAIL, Inspector
from tests.samples import PDF_HEAD, jpeg, noise, pdf, png, segment, zipped

TYPES = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}
GOOD = {"pdf": pdf(), "png": png(), "jpeg": jpeg()}


def judged(content: bytes, content_type: str, *, step: int = 65_536) -> ErrorCode | None:
    inspector = Inspector(content_type)
    try:
        for start in range(0, len(content), step):
            inspector.feed(content[start : start + step])
        inspector.finish()
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize("step", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("kind", GOOD)
def test_what_it_says_to_be_it_may_be_in_whatever_chunks(kind: str, step: int) -> None:
    assert judged(GOOD[kind], TYPES[kind], step=step) is None


@pytest.mark.parametrize("said", TYPES)
@pytest.mark.parametrize("kind", GOOD)
def test_content_of_another_type_than_the_name_says_is_refused(kind: str, said: str) -> None:
    assert (judged(GOOD[kind], TYPES[said]) is None) == (kind == said)
    assert judged(GOOD[kind], TYPES[said], step=1) in (None, ErrorCode.UNSUPPORTED_FILE)


LARGE = {
    "a picture of 2²⁸ pixels": (png(width=2**14, height=2**14), "png", None),
    "one column more": (png(width=2**14 + 1, height=2**14), "png", "TOO_MANY_PIXELS"),
    "fifty thousand times fifty thousand": (png(width=50_000, height=50_000), "png", "TOO_MANY_PIXELS"),
    "a JPEG of 2²⁸ pixels": (jpeg(width=2**14, height=2**14), "jpeg", None),
    "a JPEG with one row more": (jpeg(width=2**14, height=2**14 + 1), "jpeg", "TOO_MANY_PIXELS"),
    "no pixels": (png(width=0), "png", "UNSUPPORTED_FILE"),
    "a thumbnail and colours before the frame": (jpeg(before=segment(0xE1, b"Exif\x00\x00" + noise(60_000)) + segment(0xE2, noise(65_000)) * 3), "jpeg", None),
}

POLYGLOTS = {
    "a ZIP behind a PNG": (png() + zipped(), "png"),
    "a ZIP with a comment behind a JPEG": (jpeg() + b"PK\x05\x06" + bytes(16) + b"\x05\x00hello", "jpeg"),
    "a ZIP behind a PDF": (pdf() + zipped(), "pdf"),
    "anything behind a PNG": (png() + b"x", "png"),
    "a PDF in a picture": (jpeg(before=segment(0xFE, PDF_HEAD)), "jpeg"),
    "a RAR in a PDF": (pdf(more=[b"(Rar!\x1a\x07\x01\x00)"]), "pdf"),
}

BROKEN = {
    "no bytes of the sort": (noise(5000), "pdf"),
    "a header behind the first KiB": (b" " * 1100 + pdf(), "pdf"),
    "half a PNG": (png()[:-6], "png"),
    "a PNG whose first chunk is another": (png().replace(b"IHDR", b"IDAT"), "png"),
    "a JPEG without a frame": (b"\xff\xd8" + segment(0xE0, b"JFIF\x00" + bytes(9)) + segment(0xDA, bytes(6)) + bytes(50), "jpeg"),
    "a JPEG that ends in its header": (jpeg()[:30], "jpeg"),
    "a JPEG that ends in its scan": (jpeg(5000)[:-2], "jpeg"),
    "a GIF": (b"GIF89a" + bytes(500), "png"),
    "one byte": (b"%", "pdf"),
}


@pytest.mark.parametrize("step", [13, 65_536])
@pytest.mark.parametrize(("content", "kind", "code"), LARGE.values(), ids=LARGE)
def test_a_picture_is_judged_by_the_pixels_its_header_promises(content: bytes, kind: str, code: str | None, step: int) -> None:
    assert judged(content, TYPES[kind], step=step) == code


@pytest.mark.parametrize("step", [13, 65_536])
@pytest.mark.parametrize(("content", "kind"), POLYGLOTS.values(), ids=POLYGLOTS)
def test_a_file_of_two_formats_is_refused(content: bytes, kind: str, step: int) -> None:
    assert judged(content, TYPES[kind], step=step) == ErrorCode.UNSAFE_FILE


@pytest.mark.parametrize("step", [1, 65_536])
@pytest.mark.parametrize(("content", "kind"), BROKEN.values(), ids=BROKEN)
def test_what_only_begins_like_its_type_is_refused(content: bytes, kind: str, step: int) -> None:
    assert judged(content, TYPES[kind], step=step) == ErrorCode.UNSUPPORTED_FILE


def test_the_end_of_a_zip_that_only_looks_like_one_is_chance() -> None:
    assert judged(PDF_HEAD + b"PK\x05\x06" + noise(TAIL + 100) + b"PK\x05\x06" + noise(900, seed=2)[:300], TYPES["pdf"]) is None


@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.tuples(st.sampled_from(sorted(GOOD.values())), st.integers(0, 80), st.binary(max_size=60)).map(lambda made: made[0][: made[1]] + made[2]),
    )
)
def test_bytes_of_any_kind_are_judged_alike_in_one_chunk_and_byte_by_byte(content: bytes) -> None:
    for content_type in TYPES.values():
        assert (judged(content, content_type) is None) == (judged(content, content_type, step=1) is None)
