"""The reads of the Strawberry peer: one transaction per request, and a dataloader per relation for the same time."""

import asyncio
import json
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from strawberry.dataloader import DataLoader

from bench.peers.serving import begin

Row = asyncpg.Record
READS = {
    part.partition("\n")[0].strip(): part.partition("\n")[2].strip()
    for part in re.split(r"^-- name: ", (Path(__file__).parents[1] / "reads.sql").read_text(encoding="utf-8"), flags=re.M)[1:]
}


def cursor(row: Row) -> str:
    return urlsafe_b64encode(json.dumps(["newest", row["position"], row["id"]]).encode()).decode()


class Session:
    """The transaction of one request, opened by its first read. A connection runs one statement at a time."""

    def __init__(self, pool: Any, customer_id: str) -> None:
        self.customer_id = customer_id
        self._pool = pool
        self._connection: Any = None
        self._turn = asyncio.Lock()

    async def read(self, name: str, *values: object) -> list[Row]:
        async with self._turn:
            if self._connection is None:
                self._connection = await self._pool.acquire()
                await self._connection.execute(begin(self.customer_id, datetime.now(UTC)))
            rows: list[Row] = await self._connection.fetch(READS[name], *values)
            return rows

    async def end(self) -> None:
        if self._connection is not None:
            await self._connection.execute("COMMIT")
            await self._pool.release(self._connection)


class Loaders:
    def __init__(self, session: Session) -> None:
        self.plan: DataLoader[str, Any] = DataLoader(partial(_plans, session))
        self.price: DataLoader[str, Any] = DataLoader(partial(_prices, session))
        self.next_installment: DataLoader[str, Any] = DataLoader(partial(_next_installments, session))
        self.allocations: DataLoader[str, list[Row]] = DataLoader(partial(_allocations, session))
        self.invoice: DataLoader[str, Any] = DataLoader(partial(_invoices, session))


class Context:
    """The context of a request. `totals` is read once for its four fields."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.loaders = Loaders(session)
        self._totals: asyncio.Task[list[Row]] | None = None

    async def totals(self) -> list[Row]:
        if self._totals is None:
            self._totals = asyncio.create_task(self.session.read("totals", self.session.customer_id))
        return await self._totals


async def _plans(session: Session, keys: list[str]) -> list[Row | None]:
    return _one_each(keys, await session.read("plans", keys), "id")


async def _prices(session: Session, keys: list[str]) -> list[Row | None]:
    return _one_each(keys, await session.read("prices", keys), "id")


async def _next_installments(session: Session, keys: list[str]) -> list[Row | None]:
    return _one_each(keys, await session.read("next_installments", session.customer_id, keys), "schedule_id")


async def _invoices(session: Session, keys: list[str]) -> list[Row | None]:
    return _one_each(keys, await session.read("invoices", session.customer_id, keys), "id")


async def _allocations(session: Session, keys: list[str]) -> list[list[Row]]:
    by_payment: dict[str, list[Row]] = {key: [] for key in keys}
    for row in await session.read("allocations", session.customer_id, keys):
        by_payment[row["payment_id"]].append(row)
    return list(by_payment.values())


def _one_each(keys: list[str], rows: list[Row], column: str) -> list[Row | None]:
    by_key = {row[column]: row for row in rows}
    return [by_key.get(key) for key in keys]
