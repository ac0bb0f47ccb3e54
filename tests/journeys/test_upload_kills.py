"""The process dies, or a request is cancelled, at every await there is: after a restart, a second try and the sweep, rows and objects agree, and everything was done once.

That takes minutes, so one journey dies at every await and the others at some; with PORTICO_TEST_KILLS=every all of them at every one.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.embedded import Urls
from tests.conftest import ADA
from tests.s3 import Store, store

__all__ = ["store"]


# How many awaits lie between two deaths.
JOURNEYS = {
    ("upload", "local", "die"): 1,
    ("announce", "local", "die"): 4,
    ("complete", "local", "die"): 4,
    ("delete", "local", "die"): 4,
    ("upload", "s3", "die"): 9,
    ("upload", "local", "cancel"): 4,
    ("complete", "local", "cancel"): 4,
    ("upload", "s3", "cancel"): 9,
}
IS_EVERY = os.environ.get("PORTICO_TEST_KILLS") == "every"


@pytest.mark.parametrize(("journey", "place", "how"), JOURNEYS, ids=[" ".join(journey) for journey in JOURNEYS])
async def test_nothing_is_lost_and_nothing_left_over(
    urls: Urls, admin: asyncpg.Connection, tmp_path: Path, root: Path, request: pytest.FixtureRequest, journey: str, how: str, place: str
) -> None:
    bare = await admin.fetchval(
        "select id from invoice i where customer_id = $1 and not exists (select from attachment a where a.invoice_id = i.id) limit 1", ADA.customer_id
    )
    await admin.execute("delete from loose_object")
    settings: dict[str, Any] = {}
    if place == "s3":
        found: Store = request.getfixturevalue("store")
        found.empty()
        settings = found.settings()
    command = [sys.executable, "-m", "tests.journeys.killing", urls.admin, urls.app, str(tmp_path), journey, how, json.dumps(settings), bare]
    command.append("1" if IS_EVERY else str(JOURNEYS[journey, place, how]))
    done = await asyncio.to_thread(subprocess.run, command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 6
