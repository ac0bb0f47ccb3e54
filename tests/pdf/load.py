"""The load of statements: links as the gateway signs them, for the customer with 5,000 payments (9,999 entries) whom the demo data has, and parallel requests."""

import asyncio
import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Literal

import httpx

from auth.urls.links import Links, secret_of
from auth.viewer import Viewer
from tests.conftest import BIG, ISSUER

THREE_YEARS = "USD.2024-12-01.2027-11-30"


def link(server: str, name: str, viewer: Viewer = BIG) -> str:
    """The address of a paper, good for five minutes."""
    assert viewer.customer_id
    return Links(server, secret_of(ISSUER.keys[0]), datetime.now(UTC)).paper(name, viewer.customer_id).url


def statement_link(server: str, kind: Literal["pdf", "csv"], viewer: Viewer = BIG, *, period: str = THREE_YEARS) -> str:
    """`period` is a currency, a first and a last day."""
    return link(server, f"{period}.{kind}", viewer)


async def ask_in_parallel(url: str, count: int) -> list[httpx.Response]:
    """Each request on a connection of its own, as those of a browser's tabs are."""

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(timeout=120) as client:
            return await client.get(url)

    return await asyncio.gather(*(ask() for _ in range(count)))


def csv_rows(answer: httpx.Response) -> list[dict[str, str]]:
    """All rows of a statement, with those of the opening and the closing balance."""
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert (rows[0]["kind"], rows[-1]["kind"]) == ("OPENING", "CLOSING")
    return rows


def csv_entries(answer: httpx.Response) -> list[dict[str, str]]:
    return csv_rows(answer)[1:-1]
