"""The command `explain`."""

import asyncio
from pathlib import Path

from auth.viewer import Viewer
from db.pool import Database, Pool
from demo import PERSONAS
from gateway.cli.commands.console import console
from gateway.cli.commands.explanation import Question
from gateway.cli.commands.explanation import explain as explain_document
from gateway.cli.commands.tokens import customer_viewer, staff_viewer
from gateway.wiring.configuration.settings import load
from gateway.wiring.database import DatabaseUrls, check, postgres


def viewer_of(customer: str | None, client: str, *, is_staff: bool) -> Viewer:
    """Return the viewer: staff, the customer, or without an id the first customer of the demo."""
    return staff_viewer(client) if is_staff else customer_viewer(customer or PERSONAS[0].id, client)


def explain(question: Question, data_dir: Path | None) -> None:
    with postgres(load(data_dir=data_dir)) as urls:
        asyncio.run(check(urls))
        asyncio.run(_explain(urls, question))


async def _explain(urls: DatabaseUrls, question: Question) -> None:
    async with Database(urls.app_url, Pool(max_size=1, is_prepared=urls.is_prepared), server_settings=urls.server_settings) as database:
        await explain_document(question, database, console)
