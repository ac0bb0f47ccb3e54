"""The check of the bytes of a file as an upload does it: while they pass, and for PDFs afterwards in a worker process."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from billing.refusals import Refused
from storage.pdf.examiner import PATIENCE_SECONDS, Examiner
from storage.sniff import Inspector

CUSTOMER = "cus_1"


@asynccontextmanager
async def examining(*, patience_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[Examiner]:
    examiner = Examiner(patience_seconds=patience_seconds)
    try:
        yield examiner
    finally:
        await examiner.close()


async def refusal_of(content: bytes, content_type: str, examiner: Examiner, *, step: int = 65_536) -> Refused | None:
    """Return the reason why the file is refused, or None."""
    inspector = Inspector(content_type)
    try:
        for start in range(0, len(content), step):
            inspector.feed(content[start : start + step])
        inspector.finish()
        if content_type == "application/pdf":
            await refuse_pdf(content, examiner)
    except Refused as refused:
        return refused
    return None


async def refuse_pdf(content: bytes, examiner: Examiner) -> None:
    """Check a PDF. Raises Refused."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        await examiner.examine(file.fileno(), CUSTOMER)
