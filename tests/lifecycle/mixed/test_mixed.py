"""Long histories in which customer, staff, banks, lost answers and the clock meet: every answer is documented, all figures agree, and in the end everything can be settled."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import asyncpg
import pytest

from db.pool import Database
from tests.conftest import Portal
from tests.depth import SEED, by_depth
from tests.lifecycle.conftest import living
from tests.lifecycle.mixed.agreement import all_agrees
from tests.lifecycle.mixed.closing_account import close_account
from tests.lifecycle.mixed.mixed_history import CURRENCIES, MixedHistory
from tests.lifecycle.models.histories import for_sale

HISTORIES = by_depth(12, 200)
STEPS = by_depth(30, 60)
STRIDE = 5


@pytest.mark.parametrize("number", range(HISTORIES))
async def test_a_mixed_history_agrees(number: int, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The history follows from PORTICO_TEST_SEED and the number; in every second one calls run at once, and their order is that of the machine."""
    chance = Random(f"{SEED} {number}")
    monkeypatch.setattr(secrets, "randbits", chance.getrandbits)  # rows are chosen in the order of their ids
    async with living(portal, pool, owner) as life:
        currency = chance.choice(CURRENCIES)
        history = MixedHistory(life, chance, await for_sale(owner, currency), currency=currency, is_at_once=number % 2 == 1)
        async with _explained_by_its_calls(history):
            await history.begin()
            for step in range(1, STEPS + 1):
                await history.step()
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
