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
    """Who asks; where nobody is named, the first customer of the demo."""
    return staff_viewer(client) if is_staff else customer_viewer(customer or PERSONAS[0].id, client)


def explain(question: Question, data_dir: Path | None) -> None:
    with postgres(load(data_dir=data_dir)) as place:
        asyncio.run(check(place))
        asyncio.run(_explain(place, question))


async def _explain(place: DatabaseUrls, question: Question) -> None:
    async with Database(place.app_url, Pool(max_size=1), server_settings=place.server_settings) as database:
        await explain_document(question, database, console)
