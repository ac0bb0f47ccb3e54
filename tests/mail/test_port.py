"""No message can become two, go to two, or carry a header that we did not write."""

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mail.port import Message, Unsendable, author, written

NOW = datetime(2026, 11, 22, 20, 59, 47, tzinfo=UTC)
AUTHOR = author("no-reply@portal.example", name="Acme")
BREAKS = ["\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\x7f", "\ud800"]
OURS = {"from", "to", "subject", "date", "message-id", "auto-submitted", "content-type", "content-transfer-encoding", "mime-version", "content-language"}


def message(**changes: object) -> Message:
    return Message(**{"to": "ada@example.com", "subject": "Hello", "text": "Hello\n", "written_at": NOW, "id": "ltr_1", **changes})


def text_of(message: EmailMessage) -> str:
    content = message.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def read_back(sent: Message) -> EmailMessage:
    parsed = email.message_from_bytes(written(sent, AUTHOR).as_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
def test_a_line_break_in_anything_that_becomes_a_header_is_refused(line_break: str) -> None:
    injected = f"x{line_break}Bcc: all@example.com"
    for changes in (
        {"to": f"ada@example.com{line_break}Bcc: all@example.com"},
        {"to": f"ada{line_break}@example.com"},
        {"to": f"ada@example.com{line_break}"},
        {"subject": injected},
        {"id": injected},
        {"headers": (("Content-Language", injected),)},
        {"headers": ((f"X-Name{line_break}", "x"),)},
    ):
        with pytest.raises(Unsendable):
            message(**changes)
    with pytest.raises(Unsendable):
        author("no-reply@portal.example", name=injected)
    with pytest.raises(Unsendable):
        author(f"no-reply@portal.example{line_break}", name="Acme")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@b@example.com",
        "ada@example.com,bob@example.com",
        "ada@example.com bob@example.com",
        "ada@example.com;bob@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        '"ada lovelace"@example.com',
        "ada(comment)@example.com",
        "ada@[203.0.113.7]",
        "ada..lovelace@example.com",
        ".ada@example.com",
        "ada@example..com",
        "ada@example.com.",
        "a" * 65 + "@example.com",
        "ada@" + "x" * 251,
        "undisclosed:;",
        "ada\xa0@example.com",
    ],
)
def test_what_is_not_one_plain_address_is_refused_in_words_that_do_not_repeat_it(address: str) -> None:
    with pytest.raises(Unsendable) as caught:
        message(to=address)
    assert str(caught.value) == "that is not an e-mail address"


@pytest.mark.parametrize(
    "name", ["Bcc", "to", "FROM", "Subject", "Date", "Message-ID", "Reply-To", "Sender", "Content-Type", "Resent-To", "Auto-Submitted", "", "X:", "X Y", "É"]
)
def test_headers_of_the_message_itself_cannot_be_set_from_outside(name: str) -> None:
    with pytest.raises(Unsendable):
        message(headers=((name, "x"),))


@pytest.mark.parametrize("identifier", ["", "../../etc/passwd", "a b", "a@b", "<a>", "a" * 81, "é", "ltr_1\n"])
def test_an_id_that_could_be_a_path_or_more_than_an_id_is_refused(identifier: str) -> None:
    with pytest.raises(Unsendable):
        message(id=identifier)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(Unsendable):
        message(written_at=datetime(2026, 11, 22))


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=300), st.text(alphabet=st.characters(exclude_categories=[]), max_size=300))
@example("a\u3000b", "\ufeff")
@example("=?utf-8?b?" + "x" * 80, "From x")
def test_whatever_the_subject_and_text_are_it_is_one_message_with_our_headers_only(subject: str, text: str) -> None:
    try:
        composed = message(subject=subject, text=text)
    except Unsendable:
        return
    raw = written(composed, AUTHOR).as_bytes()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    arrived = read_back(composed)
    assert {name.lower() for name in arrived} <= OURS
    assert len(arrived.get_all("To", [])) == 1
    assert arrived["To"] == "ada@example.com"
    assert text_of(arrived).rstrip("\n") == text.rstrip("\n")


@given(st.emails() | st.text(max_size=80) | st.from_regex(r"[^\s@]{1,20}@[^\s@]{1,20}", fullmatch=True))
def test_whatever_the_address_is_it_is_refused_or_the_only_one(address: str) -> None:
    try:
        composed = message(to=address)
    except Unsendable:
        return
    arrived = read_back(composed)
    assert (str(arrived["To"]), len(arrived["To"].addresses)) == (address, 1)
    assert {name.lower() for name in arrived} <= OURS
