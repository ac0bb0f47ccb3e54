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
    """Run `work` in one transaction without a customer, and return its result. Raises WrongSetting, CannotReach."""
    with postgres(settings) as urls:
        asyncio.run(check(urls))

        async def run() -> T:
            caller, pool = Caller(None, Actor.SYSTEM, datetime.now(UTC)), Pool(max_size=1, is_prepared=urls.is_prepared)
            async with (
                Database(urls.app_url, pool, server_settings=urls.server_settings) as database,
                UnitOfWork(database, caller, acquire_seconds=30).write() as transaction,
            ):
                return await work(transaction)

        return refusing(lambda: asyncio.run(run()))


def refusing(work: Callable[[], T]) -> T:
    try:
        return work()
    except Refused as refused:
        raise WrongSetting(refused.message) from None


def day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
