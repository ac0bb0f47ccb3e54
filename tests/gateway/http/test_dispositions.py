"""Names of files as each client writes them come back as the client meant them."""

from collections.abc import Callable
from email.header import Header
from urllib.parse import quote

import pytest
from aiohttp.helpers import content_disposition_header
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.fields import RequestField

from gateway.http.dispositions import file_name_of, parameters_of, text_of


def read(header: str | bytes) -> str | None:
    kind, parameters = parameters_of(header if isinstance(header, bytes) else header.encode())
    assert kind == "form-data"
    assert text_of(parameters["name"]) == "0"
    return file_name_of(parameters)


def browser(name: str) -> str:
    """https://html.spec.whatwg.org/#escape-a-multipart-form-data-name"""
    escaped = name.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")
    return f'form-data; name="0"; filename="{escaped}"'


def older_curl(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'form-data; name="0"; filename="{escaped}"'


def requests(name: str) -> str:
    field = RequestField("0", b"", filename=name)
    field.make_multipart()
    return field.headers["Content-Disposition"] or ""


def aiohttp(name: str) -> str:
    return content_disposition_header("form-data", True, name="0", filename=name)


def javascript(name: str) -> str:
    escaped = quote(name, safe="-_.!~*'()")
    return f'form-data; name="0"; filename="{escaped}"'


def extended_alone(name: str) -> str:
    return f"form-data; name=\"0\"; filename*=UTF-8''{quote(name, safe='')}"


def extended_first(name: str) -> str:
    return f'{extended_alone(name)}; filename="file.bin"'


def extended_last(name: str) -> str:
    return f"form-data; name=0; filename=\"___.pdf\"; FILENAME*=utf-8'de'{quote(name, safe='')}"


def mail(name: str) -> str:
    return f'form-data; name="0"; filename="{Header(name, "utf-8", maxlinelen=10_000).encode()}"'


CLIENTS: dict[str, Callable[[str], str]] = {
    "a browser": browser,
    "curl before 7.81": older_curl,
    "requests": requests,
    "aiohttp": aiohttp,
    "encodeURIComponent": javascript,
    "filename* alone": extended_alone,
    "filename* first": extended_first,
    "filename* last": extended_last,
    "MIME words": mail,
}
# Clients that write a percent sign as it is: what looks like an escape in a name may be one.
PLAIN = ("a browser", "curl before 7.81", "requests", "MIME words")
NAMES = [
    "a.pdf",
    "Rechnung für Müller.pdf",
    "Übersicht \N{GRINNING FACE}.pdf",
    "請求書.pdf",
    "100%.pdf",
    "50% off.pdf",
    "50%25 off.pdf",
    "%41.pdf",
    "%zz.pdf",
    "%.pdf",
    'say "no".pdf',
    "a;b=c.pdf",
    "it's (1)!.pdf",
    "a+b&c=d.pdf",
    "a'b''c.pdf",
    "  spaces  .pdf",
    "\u0646\u0627\u200c\u0645.pdf",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_name_comes_back_from_each_client(client: str, name: str) -> None:
    assert read(CLIENTS[client](name)) == name


# What a name in quotes may have and still come back from everybody: backslashes and control characters are not in names of files, and the rest of the rule is below.
SAFE = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\%"), min_size=1, max_size=60).filter(lambda name: not name.startswith("=?"))


@given(SAFE, st.sampled_from(sorted(set(CLIENTS) - {"MIME words"})))
@example("\N{GRINNING FACE}.pdf", "aiohttp")
def test_any_name_without_percent_signs_comes_back_from_each_client(name: str, client: str) -> None:
    assert read(CLIENTS[client](name)) == name


@given(st.text(st.sampled_from("aZ09%25C3A4é .pdf\N{GRINNING FACE}"), min_size=1, max_size=30))
def test_percent_signs_come_back_from_clients_that_escape_them(name: str) -> None:
    for client in set(CLIENTS) - set(PLAIN):
        assert read(CLIENTS[client](name)) == name, client


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        # Everything that would be escaped is escaped, so the client escapes.
        ("Rechnung%20f%C3%BCr%20M%C3%BCller.pdf", "Rechnung für Müller.pdf"),
        ("rechnung%20f%c3%bcr.pdf", "rechnung für.pdf"),
        ("50%25.pdf", "50%.pdf"),
        ("say%20%22no%22.pdf", 'say "no".pdf'),
        # A space, an umlaut or a percent sign as it is: the client does not escape them, and only the three of browsers are read.
        ("50%25 off.pdf", "50%25 off.pdf"),
        ("für%20M%C3%BCller.pdf", "für%20M%C3%BCller.pdf"),
        ("100%.pdf", "100%.pdf"),
        ("100%25%.pdf", "100%25%.pdf"),
        ("a b%22c%22.pdf", 'a b"c".pdf'),
        # No function escapes letters and digits, so this is no escape.
        ("%41.pdf", "%41.pdf"),
        ("%41%20.pdf", "%41%20.pdf"),
        # Not UTF-8.
        ("M%FCller.pdf", "M%FCller.pdf"),
        ("%C3.pdf", "%C3.pdf"),
    ],
)
def test_a_name_of_percent_signs_is_read_by_the_rule(written: str, meant: str) -> None:
    assert read(f'form-data; name="0"; filename="{written}"') == meant


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'form-data; name="0"', None),
        (b'form-data; name="0"; filename=""', ""),
        (b'form-data; name="0"; filename="M\xfcller.pdf"', "Müller.pdf"),
        (b'form-data; name="0"; filename="Preis 5 \x80.pdf"', "Preis 5 \N{EURO SIGN}.pdf"),
        (b"form-data; name=0; filename=plain.pdf", "plain.pdf"),
        (b"form-data ;name=0 ; filename = spaced.pdf ", "spaced.pdf"),
        (b'FORM-DATA; NAME="0"; FileName="A.pdf"', "A.pdf"),
        (b"form-data; name=\"0\"; filename*=ISO-8859-1''M%FCller.pdf", "Müller.pdf"),
        (b'form-data; name="0"; filename*="UTF-8\'\'M%C3%BCller.pdf"', "Müller.pdf"),
        # Unreadable: the plain one counts, and alone it is better than no file.
        (b'form-data; name="0"; filename*=UTF-8\'\'M%FCller.pdf; filename="plain.pdf"', "plain.pdf"),
        (b'form-data; name="0"; filename*=klingon\'\'a.pdf; filename="plain.pdf"', "plain.pdf"),
        (b'form-data; name="0"; filename*=a.pdf', "a.pdf"),
        (b'form-data; name="0"; filename="first.pdf"; filename="second.pdf"', "first.pdf"),
        (b'form-data; name="0"; filename="a\\"b\\\\c.pdf"', 'a"b\\c.pdf'),
        (b'form-data; name="0"; filename="C:\\dir\\a.pdf"', "C:\\dir\\a.pdf"),
        (b'form-data; name="0"; filename="a; name=1; b.pdf"', "a; name=1; b.pdf"),
        (b'form-data; name="0"; filename="=?UTF-8?Q?M=C3=BCller.pdf?="', "Müller.pdf"),
        (b'form-data; name="0"; filename="=?nonsense?Q?a?="', "=?nonsense?Q?a?="),
    ],
)
def test_a_header_is_read_as_it_was_meant(header: bytes, name: str | None) -> None:
    assert read(header) == name


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_header_makes_reading_fail(before: bytes, inside: bytes) -> None:
    for header in (before, b"form-data; " + before, b'form-data; name="0"; filename="' + inside + b'"', b"form-data; filename*=" + inside):
        kind, parameters = parameters_of(header)
        assert isinstance(kind, str)
        assert isinstance(file_name_of(parameters), str | None)
