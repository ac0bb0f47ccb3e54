"""Long histories in which customer, staff, banks, lost answers and the clock meet: every answer is documented, all figures agree, and in the end everything can be settled."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
import pytest

from db.builtin.embedded import Urls
from db.pool import Database
from tests.conftest import Portal
from tests.depth import PROFILE, SEED, by_depth
from tests.lifecycle.conftest import living
from tests.lifecycle.mixed.agreement import all_agrees
from tests.lifecycle.mixed.closing_account import close_account
from tests.lifecycle.mixed.imported import check_held, import_customer
from tests.lifecycle.mixed.mixed_history import CURRENCIES, SCHEDULES, MixedHistory
from tests.lifecycle.models.histories import for_sale

HISTORIES = {"dev": 12, "ci": 24, "nightly": 200}[PROFILE]
STEPS = by_depth(30, 60)
STRIDE = 5
# Of so many histories the last two, of which one is sequential, are of imported customers.
EVERY = 6


Start = Callable[[MixedHistory, bool], Awaitable[None]]


@pytest.fixture
def start(place: Urls, tmp_path: Path) -> Start:
    """Begin a history, that of an imported customer if the second argument says so."""

    async def begin(history: MixedHistory, is_imported: bool) -> None:
        await history.begin(SCHEDULES if is_imported else None)
        if is_imported:
            await import_customer(history, place, tmp_path)

    return begin


@pytest.mark.parametrize("number", range(HISTORIES))
async def test_a_mixed_history_agrees(
    number: int, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    """The history follows from PORTICO_TEST_SEED and the number; in every second one calls run at once, and their order is that of the machine."""
    chance = Random(f"{SEED} {number}")
    monkeypatch.setattr(secrets, "randbits", chance.getrandbits)  # rows are chosen in the order of their ids
    async with living(portal, pool, owner) as life:
        currency = chance.choice(CURRENCIES)
        history = MixedHistory(life, chance, await for_sale(owner, currency), currency=currency, is_at_once=number % 2 == 1)
        async with _explained_by_its_calls(history):
            await start(history, number % EVERY >= EVERY - 2)
            for step in range(1, STEPS + 1):
                await history.step()
                if history.is_held:
                    await check_held(life)
                if step % STRIDE == 0:
                    await all_agrees(life, with_figures=life.now > history.zone_agrees_at)
            await close_account(history)
            await all_agrees(life, with_figures=True)


@asynccontextmanager
async def _explained_by_its_calls(history: MixedHistory) -> AsyncIterator[None]:
    """Add the calls with their inputs to what fails."""
    try:
        yield
    except BaseException as problem:
        problem.add_note("\n".join(history.log))
        raise
