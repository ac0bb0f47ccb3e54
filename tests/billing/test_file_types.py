"""Content decides the type of a file; its name and its declared type are put right, and refused only where they say something quite different."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.files.file_types import CONTENT_TYPES, EXTENSIONS, JPEG, MAX_NAME_BYTES, PDF, PNG, check_claims, check_content, clean_name, declared_type, named
from billing.refusals import Refused
from billing.visible_text import is_blank, visible

VAGUE = [
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "APPLICATION/OCTET-STREAM",
    "application/x-download",
    "*/*",
    "application/*",
    "text/plain",
    "file",
]
RIGHT = {
    PDF: ["application/pdf", "Application/PDF; charset=binary", "application/x-pdf", "application/acrobat", '"application/pdf"', *VAGUE],
    PNG: ["image/png", "image/x-png", "image/*", "image", "image/jpeg", "image/apng", *VAGUE],
    JPEG: ["image/jpeg", "image/jpg", "image/pjpeg", "IMAGE/JPG", "image/jpeg;q=1", "image/*", "image/heic", "image/png", *VAGUE],
}
WRONG = {
    PDF: ["image/png", "image/*", "text/html", "application/zip", "application/msword", "video/mp4", "application/x-msdownload"],
    PNG: ["application/pdf", "application/x-pdf", "text/html", "video/mp4", "application/zip"],
    JPEG: ["application/pdf", "text/html", "application/javascript", "audio/mpeg"],
}
NAMES = {PDF: "a.pdf", PNG: "a.png", JPEG: "a.jpg"}


def code_of(content_type: str, file_name: str, declared: str) -> str | None:
    try:
        check_content(content_type, file_name, declared, "files.0")
    except Refused as refused:
        return refused.code if refused.field == "files.0" else None
    return None


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_a_declared_type_is_put_right_within_its_family(content_type: str) -> None:
    for declared in RIGHT[content_type]:
        assert code_of(content_type, NAMES[content_type], declared) is None, declared
        assert code_of(content_type, "a", declared) is None, declared


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_a_declared_type_of_another_family_is_refused(content_type: str) -> None:
    for declared in WRONG[content_type]:
        assert code_of(content_type, NAMES[content_type], declared) == "UNSUPPORTED_FILE", declared
        assert code_of(content_type, "a", declared) == "UNSUPPORTED_FILE", declared


@pytest.mark.parametrize(
    ("file_name", "content_type", "expected"),
    [
        ("a", PDF, "a.pdf"),
        ("scan", JPEG, "scan.jpg"),
        ("scan", PNG, "scan.png"),
        ("a.pdf.", PDF, "a.pdf"),
        ("a.pdf. . ", PDF, "a.pdf"),
        ("A.PDF", PDF, "A.PDF"),
        ("photo.JPE", JPEG, "photo.JPE"),
        ("photo.jfif", JPEG, "photo.jfif"),
        ("photo.jpg", PNG, "photo.png"),
        ("photo.png", JPEG, "photo.jpg"),
        ("IMG_0001.HEIC", JPEG, "IMG_0001.jpg"),
        ("Invoice 1.5.2026", PDF, "Invoice 1.5.2026.pdf"),
        ("Sports club e.V", PDF, "Sports club e.V.pdf"),
        ("Sports club e.V.", PDF, "Sports club e.V.pdf"),
        ("scan.0001", JPEG, "scan.0001.jpg"),
        ("a.pdf (1)", PDF, "a.pdf (1).pdf"),
        ("Dr. Müller", PDF, "Dr. Müller.pdf"),
        (".pdf", PDF, "attachment.pdf"),
        ("..", PNG, "attachment.png"),
        ("", JPEG, "attachment.jpg"),
        ("\u200d\u200c", PDF, "attachment.pdf"),
        ("folder/", PDF, "attachment.pdf"),
        ("C:\\Users\\ada\\a.pdf", PDF, "a.pdf"),
        ("../../etc/passwd", PDF, "passwd.pdf"),
        ("in\u202efdp.exe.pdf", PDF, "infdp.exe.pdf"),
        ("\u0646\u0627\u0645\u0647\u200c\u0647\u0627.pdf", PDF, "\u0646\u0627\u0645\u0647\u200c\u0647\u0627.pdf"),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467.png", PNG, "\U0001f469\u200d\U0001f469\u200d\U0001f467.png"),
        (
            "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f.png",
            PNG,
            "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f.png",
        ),
        ("new emoji \U0001fae8.pdf", PDF, "new emoji \U0001fae8.pdf"),
        ("x" * 300, PDF, "x" * 251 + ".pdf"),
        ("é" * 150 + ".png", JPEG, "é" * 125 + ".jpg"),
        ("100%.pdf", PDF, "100%.pdf"),
    ],
)
def test_a_name_gets_the_extension_of_its_content(file_name: str, content_type: str, expected: str) -> None:
    assert code_of(content_type, clean_name(file_name), "") is None
    assert named(clean_name(file_name), content_type) == expected
    assert named(expected, content_type) == expected


@pytest.mark.parametrize("file_name", ["a.pdf.exe", "a.html", "a.docx.zip", "page.htm", "a.js", "a.csv", "a.mp4", "A.EXE", "a.txt"])
def test_a_name_of_another_family_is_refused_before_any_byte(file_name: str) -> None:
    with pytest.raises(Refused) as raised:
        check_claims(clean_name(file_name), "", "files.0")
    assert raised.value.code == "UNSUPPORTED_FILE"
    for content_type in CONTENT_TYPES:
        assert code_of(content_type, file_name, content_type) == "UNSUPPORTED_FILE"


def test_a_document_with_the_name_of_a_picture_is_refused_and_the_reverse() -> None:
    for content_type, name in ((PDF, "a.jpg"), (PDF, "a.heic"), (JPEG, "a.pdf"), (PNG, "A.PDF")):
        assert code_of(content_type, name, "") == "UNSUPPORTED_FILE"
    for name, declared in (("a.pdf", "image/png"), ("a.png", "application/pdf")):
        with pytest.raises(Refused):
            check_claims(name, declared, "files.0")


@pytest.mark.parametrize(
    ("file_name", "declared", "content_type"),
    [
        ("a.pdf", "", PDF),
        ("a.png", "image/jpeg", PNG),
        ("a", "application/x-pdf", PDF),
        ("a", "image/jpg", JPEG),
        ("a", "image/x-png", PNG),
        ("a", "image/*", JPEG),
        ("a.heic", "", JPEG),
        ("a", "", None),
        ("a.v2", "application/octet-stream", None),
    ],
)
def test_what_is_announced_says_what_it_probably_is(file_name: str, declared: str, content_type: str | None) -> None:
    assert declared_type(file_name, declared) == content_type


@given(st.text(max_size=400), st.sampled_from(CONTENT_TYPES))
def test_any_name_becomes_one_that_can_be_shown_and_kept(text: str, content_type: str) -> None:
    name = named(clean_name(text), content_type)
    assert 1 <= len(name.encode()) <= MAX_NAME_BYTES
    assert name.rpartition(".")[2].lower() in EXTENSIONS[content_type]
    assert name == visible(name)
    assert not set(name) & set("/\\\r\n\0\u202e\u2066\ufeff")
    assert not is_blank(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"),
        ("\u2068Ada\u2069 \u200eKing\u200f", "Ada King"),
        ("Ada\u202e gniK", "Ada gniK"),
        ("A\u200bda\ufeff\u2060\u00ad", "Ada"),
        (" Ada\t\r\n King\u2028", "Ada King"),
        ("A\x00d\x1ba\x7f\x9b", "Ada"),
        ("e\u0301", "é"),
        ("\ud83d", ""),
        ("\U000e0041\U000e0042", ""),
        ("\ufdd0\uffff\ue000", ""),
    ],
)
def test_what_is_seen_and_joiners_are_kept(text: str, expected: str) -> None:
    assert visible(text) == expected
