"""A server whose clock jumps forward and back under a mixed load."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

import pytest

from gateway.wiring import app
from tests.conftest import servers
from tests.faults.checks import assert_effects, goes_on, running
from tests.faults.site import SETTINGS, Site

pytestmark = pytest.mark.in_turns(3)

CUSTOMERS = 4
# Less than the lifetime of the callers' tokens.
JUMP = timedelta(minutes=30)


class JumpingClock(datetime):
    """The class `datetime` of a machine whose clock is wrong by `offset`."""

    offset = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain datetime, as from a right clock
        return datetime.now(tz) + cls.offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[JumpingClock]]:
    JumpingClock.offset = timedelta()
    monkeypatch.setattr(app, "datetime", JumpingClock)
    yield JumpingClock
    JumpingClock.offset = timedelta()


async def test_a_clock_that_jumps_forward_and_back_fails_nothing(site: Site, clock: type[JumpingClock]) -> None:
    with servers(site.data_dir) as start:
        address = await asyncio.to_thread(start, site.urls.app, **SETTINGS)
        async with site.load(CUSTOMERS, addresses=[address]) as load:
            async with running(site, load):
                for offset in (JUMP, timedelta(), -timedelta(seconds=5), timedelta()):
                    clock.offset = offset
                    await goes_on(load)
            assert load.seen.wrong == []
            # A URL that was signed just before the jump forward has expired just after it: at most one of each customer.
            assert load.seen.answers.pop(("print", "403"), 0) <= CUSTOMERS
            assert load.seen.outcomes <= {"200", "IN_PROGRESS"}
            await assert_effects(site, load)
