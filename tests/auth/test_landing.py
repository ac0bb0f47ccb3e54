"""Where a portal link may lead: to a page of the portal, and by no spelling to anywhere else."""

from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.urls.landing import is_landing

PORTAL = "https://portal.example"
PAGES = [
    "/invoices",
    "/invoices/inv_01m829w97ne1msh76cygrhecz9",
    "/a/b-c_d~e.f",
    "/invoices?status=open&page=2",
    "/rechnungen/%C3%BC",
    "/a%20b",
    "/.well-known/x",
    "/a..b",
]
ELSEWHERE = [
    "",
    "/",
    "invoices",
    "https://evil.example",
    "javascript:1",
    "//evil.example",
    "/\\evil.example",
    "/a//b",
    "/..",
    "/../..",
    "/a/../../b",
    "/a/./b",
    "/a/..?x",
    "/a/..;x/b",
    "/x#token=1",
    "/a\r\nSet-Cookie: x",
    "/a\x00",
    "/a\x7f",
    "/a b",
    "/a\u202eb",
    "/\u2025/b",
    "/\ud800",
    "/%",
    "/%zz",
    "/a%",
    "/%ff",
    "/a%E2%80%AEb",
    "/" + "a" * 500,
]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_portal_is_one(page: str) -> None:
    assert is_landing(page)


@pytest.mark.parametrize("text", ELSEWHERE, ids=ascii)
def test_what_is_no_page_of_the_portal_is_refused(text: str) -> None:
    assert not is_landing(text)


HIDEABLE = ["/..", "/../..", "/a/../../b", "/a/./b", "/x#token=1", "/\\evil.example", "//evil.example", "/a//b", "/a\r\nSet-Cookie: x", "/a\x00", "/a\u202eb"]


@pytest.mark.parametrize("times", [1, 2, 3, 4])
@pytest.mark.parametrize("text", HIDEABLE, ids=ascii)
def test_no_encoding_hides_it(text: str, times: int) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in text[1:].encode())
    for _ in range(times - 1):
        encoded = quote(encoded, safe="")
    assert not is_landing(f"/{encoded}")


@given(st.text(alphabet="/.%2eEfF5cC#\\?a;\r\n ", max_size=30))
def test_whatever_is_taken_stays_in_the_portal_for_a_browser_too(text: str) -> None:
    landing = f"/{text}"
    if not is_landing(landing):
        return
    for read in (landing, unquote(landing), unquote(unquote(landing))):
        parts = urlsplit(urljoin(f"{PORTAL}/deep/er", read))
        assert f"{parts.scheme}://{parts.netloc}" == PORTAL
        assert not parts.fragment
        assert ".." not in parts.path.split("/")
        assert "\\" not in read
        assert read.isprintable()
