"""What of a reason gets into a header, and in which form."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.documents.deprecation import Deprecation
from gateway.http.origins import EXPOSED_HEADERS

SINCE = datetime(2026, 11, 28, 12, 30, 59, 999_999, tzinfo=UTC)
ONE, TWO = ("sha256:" + digit * 64 for digit in "1f")
PRINTABLE = {chr(code) for code in range(32, 127)}

LINKS = {
    "": None,
    "Use Invoices2 by March.": None,
    "See https://a.example/x?y=1#z.": '<https://a.example/x?y=1#z>; rel="deprecation"',
    "(http://a.example:8080)": '<http://a.example:8080>; rel="deprecation"',
    "<https://a.example/>; rel=evil": '<https://a.example/>; rel="deprecation"',
    'https://a.example/">, <https://b.example/': '<https://a.example/>; rel="deprecation"',
    "https://a.example/\r\nSet-Cookie: a=b": '<https://a.example/>; rel="deprecation"',
    "https://a.example/\x00": None,
    "https://a.example/\u2028x https://b.example": '<https://a.example/>; rel="deprecation"',
    "https://exämple.de/": None,
    "https://a.example/ä": None,
    "https://a.example/%C3%A4": '<https://a.example/%C3%A4>; rel="deprecation"',
    "javascript:alert(1) ftp://a.example https://": None,
    f"Send {ONE}, not {TWO}.": f'<?documentId={ONE}>; rel="successor-version"',
    f"{ONE}0": None,
    f"https://a.example/{TWO} or `{ONE}`": f'<https://a.example/{TWO}>; rel="deprecation", <?documentId={ONE}>; rel="successor-version"',
}


@pytest.mark.parametrize("reason", LINKS, ids=range(len(LINKS)))
def test_a_url_and_a_document_id_in_the_reason_become_links(reason: str) -> None:
    deprecation = Deprecation(SINCE, reason)
    assert deprecation.headers.get("Link") == LINKS[reason]
    assert deprecation.extension["reason"] == reason


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from('https://a.example/?<>;,"\r\n'))).map(lambda text: f"https://a.example/{text}"))
@example("https://a.example/\r\nX: 1")
@example("https://a.example/\x85\u2029")
def test_no_reason_breaks_out_of_its_header(reason: str) -> None:
    link = Deprecation(SINCE, reason).headers.get("Link", "")
    assert set(link) <= PRINTABLE
    assert link == "" or (link.count("<"), link.count(">"), link.count('"')) == (1, 1, 2)


def test_dates_are_written_as_their_standards_say() -> None:
    sunset = datetime(2027, 4, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    headers = Deprecation(SINCE, "", sunset).headers
    assert headers == {"Deprecation": "@1795869059", "Sunset": "Wed, 31 Mar 2027 23:00:00 GMT"}


def test_a_page_of_another_origin_may_read_every_header_of_a_deprecation() -> None:
    deprecation = Deprecation(SINCE, "https://a.example", SINCE)
    assert deprecation.headers.keys() <= set(EXPOSED_HEADERS.split(", "))
    assert len(deprecation.headers) == 3
