"""One rule for e-mail addresses: RFC 5321's lengths, one plain mailbox."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.addresses import MAX_ADDRESS, is_address

LOCAL = "a" * 64
DOMAIN = ".".join(["b" * 61] * 3)  # 185 characters


@pytest.mark.parametrize(
    "text", ["ada@example.com", "a.b+c@sub.example.co", "grüße@exämple.org", f"{LOCAL}@{DOMAIN}.abc", "o'brien@example.com", "root@localhost"]
)
def test_an_address_is_one(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a@b@c.org",
        f"{LOCAL}a@example.com",
        f"a@{'b' * 64}.com",
        f"{LOCAL}@{DOMAIN}.abcde",
        "ü" * 33 + "@example.com",
        "x" * 300 + "@a.org",
        "ada@example.com\n",
        "ada\r\n@example.com",
        "a b@example.com",
        "Ada <ada@example.com>",
        "ada@example.com,bob@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a\u202e@example.com",
        "a\u2028@example.com",
        "\ud800@example.com",
        "a\x00@example.com",
    ],
    ids=ascii,
)
def test_what_is_none_is_refused(text: str) -> None:
    assert not is_address(text)


@given(st.text(max_size=400) | st.tuples(st.text(max_size=90), st.text(max_size=300)).map("@".join))
def test_whatever_is_asked_is_answered_and_what_is_taken_fits_a_path_of_smtp(text: str) -> None:
    if is_address(text):
        assert len(text.encode()) <= MAX_ADDRESS
        assert len(text.partition("@")[0].encode()) <= 64
        assert text.isprintable()
