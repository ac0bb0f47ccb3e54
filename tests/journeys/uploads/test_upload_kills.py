"""The process dies, or a request is cancelled, at every await there is: after a restart, a second try and the sweep, rows and objects agree, and everything was done once.

That takes minutes, so by day they die at some awaits, another number of them apart for each journey, and others with another seed; at night (`make night`) at every one.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.builtin.embedded import Urls
from tests.conftest import ADA
from tests.depth import SEED, by_depth
from tests.servers.s3 import Store, store

__all__ = ["store"]


# How many awaits lie between two deaths.
JOURNEYS = {
    ("upload", "local", "die"): by_depth(6, 1),
    ("announce", "local", "die"): by_depth(8, 1),
    ("complete", "local", "die"): by_depth(8, 1),
    ("delete", "local", "die"): by_depth(8, 1),
    ("upload", "s3", "die"): by_depth(18, 1),
    ("upload", "local", "cancel"): by_depth(8, 1),
    ("complete", "local", "cancel"): by_depth(8, 1),
    ("upload", "s3", "cancel"): by_depth(18, 1),
}


@pytest.mark.in_turns(4)
@pytest.mark.parametrize(("journey", "place", "how"), JOURNEYS, ids=[" ".join(journey) for journey in JOURNEYS])
async def test_nothing_is_lost_and_nothing_left_over(
    urls: Urls, admin: asyncpg.Connection, tmp_path: Path, root: Path, request: pytest.FixtureRequest, journey: str, how: str, place: str
) -> None:
    bare = await admin.fetchval(
        "select id from invoice i where customer_id = $1 and not exists (select 1 from attachment a where a.customer_id = i.customer_id and a.invoice_id = i.id) limit 1",
        ADA.customer_id,
    )
    await admin.execute("delete from loose_object")
    settings: dict[str, Any] = {}
    if place == "s3":
        store: Store = request.getfixturevalue("store")
        store.empty()
        settings = store.settings()
    command = [sys.executable, "-m", "tests.journeys.files.killing", urls.admin, urls.app, str(tmp_path), journey, how, json.dumps(settings), bare]
    command += [str(JOURNEYS[journey, place, how]), str(SEED)]
    done = await asyncio.to_thread(subprocess.run, command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 6
