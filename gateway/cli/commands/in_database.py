"""One transaction of the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from billing.refusals import Refused
from billing.states import Actor
from db.pool import Database, Pool
from db.unit_of_work import Caller, Transaction, UnitOfWork
from gateway.wiring.configuration.settings import Settings, WrongSetting
from gateway.wiring.database import check, postgres

T = TypeVar("T")


def in_database(settings: Settings, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """One transaction in nobody's name. Raises WrongSetting, CannotReach."""
    with postgres(settings) as place:
        asyncio.run(check(place))

        async def run() -> T:
            caller, pool = Caller(None, Actor.SYSTEM, datetime.now(UTC)), Pool(max_size=1)
            async with (
                Database(place.app_url, pool, server_settings=place.server_settings) as database,
                UnitOfWork(database, caller).write() as opened,
            ):
                return await work(opened)

        return refusing(lambda: asyncio.run(run()))


def refusing(work: Callable[[], T]) -> T:
    try:
        return work()
    except Refused as refused:
        raise WrongSetting(refused.message) from None


def day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
