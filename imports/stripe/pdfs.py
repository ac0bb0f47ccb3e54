"""The PDFs of invoices. Their links are public and expire, so they are downloaded; they are not the API's, so the key is never sent along."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx

from imports.stripe.client import LATER, StripeAccess
from imports.stripe.lists import Progress
from imports.stripe.pacing import Pace, pause_seconds, retry_after_seconds
from imports.stripe.spool import Spool, write_whole

FOLDER = "documents"
ATTEMPTS = 5
MAX_BYTES = 20_000_000


async def download_pdfs(access: StripeAccess, spool: Spool, progress: Progress) -> None:
    """Download the PDFs that are not there yet. One that cannot be had is left out: the invoice then has the document of Portico."""
    folder = spool.folder.parent / FOLDER
    folder.mkdir(exist_ok=True)
    pace = Pace(access.requests_per_second)
    async with httpx.AsyncClient(timeout=access.patience_seconds, follow_redirects=True) as client:
        for name, link in _links(spool):
            path = folder / f"{name}.pdf"
            if not path.exists() and (content := await _content(client, link, access=access, pace=pace)):
                write_whole(path, content)
                progress("PDFs", 1)


def stored_pdfs(spool: Spool) -> frozenset[str]:
    """Return the ids of the invoices whose PDF is there."""
    folder = spool.folder.parent / FOLDER
    return frozenset(path.stem for path in folder.glob("*.pdf")) if folder.is_dir() else frozenset()


def _links(spool: Spool) -> Iterator[tuple[str, str]]:
    for invoice in spool.read("invoices"):
        if invoice.get("invoice_pdf") and Path(invoice["id"]).name == invoice["id"]:
            yield invoice["id"], invoice["invoice_pdf"]


async def _content(client: httpx.AsyncClient, link: str, *, access: StripeAccess, pace: Pace) -> bytes | None:
    for failures in range(1, ATTEMPTS + 1):
        await pace.turn()
        try:
            response = await client.get(link)
            if response.status_code not in LATER:
                is_pdf = response.is_success and response.content.startswith(b"%PDF-") and len(response.content) <= MAX_BYTES
                return response.content if is_pdf else None
            pace.hold(retry_after_seconds(response.headers))
        except httpx.InvalidURL:
            return None
        except httpx.TransportError:
            pass
        await asyncio.sleep(pause_seconds(failures, access.first_pause_seconds))
    return None
