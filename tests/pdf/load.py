"""The load of statements: links as the gateway signs them, for the demo customer with 5,000 payments (9,999 entries), and parallel requests."""

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
    """Return the address of a document, valid for five minutes."""
    assert viewer.customer_id
    return Links(server, secret_of(ISSUER.keys[0]), datetime.now(UTC)).paper(name, viewer.customer_id).url


def statement_link(server: str, kind: Literal["pdf", "csv"], viewer: Viewer = BIG, *, period: str = THREE_YEARS) -> str:
    """Return the address of a statement. `period` is a currency, a first and a last day."""
    return link(server, f"{period}.{kind}", viewer)


async def ask_in_parallel(url: str, count: int) -> list[httpx.Response]:
    """Send requests in parallel, each on its own connection."""

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(timeout=120) as client:
            return await client.get(url)

    return await asyncio.gather(*(ask() for _ in range(count)))


def csv_rows(answer: httpx.Response) -> list[dict[str, str]]:
    """Return all rows of a statement as CSV, with those of the opening and the closing balance."""
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert (rows[0]["kind"], rows[-1]["kind"]) == ("OPENING", "CLOSING")
    return rows


def csv_entries(answer: httpx.Response) -> list[dict[str, str]]:
    return csv_rows(answer)[1:-1]
