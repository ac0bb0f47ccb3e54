"""The hand-written handler: Starlette, asyncpg, and one statement for the whole page: the least work between a token and the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import jwt
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.peers.serving import begin, customer_of, open_pool, serve

STATEMENT = Path(__file__).with_name("summary.sql").read_text(encoding="utf-8")


async def summary(request: Request) -> Response:
    try:
        customer_id = customer_of(request.headers.get("authorization", ""))
    except jwt.InvalidTokenError:
        return Response(status_code=401)
    pool = request.app.state.pool
    connection = await pool.acquire()
    await connection.execute(begin(customer_id, datetime.now(UTC)))
    text = await connection.fetchval(STATEMENT, customer_id)
    return Response(text, media_type="application/json", background=BackgroundTask(_end, pool, connection))


async def _end(pool: "asyncpg.Pool[asyncpg.Record]", connection: Any) -> None:
    """End the transaction after the answer is sent, as Portico does."""
    await connection.execute("COMMIT")
    await pool.release(connection)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with open_pool() as pool:
        app.state.pool = pool
        yield


if __name__ == "__main__":
    serve(Starlette(routes=[Route("/summary", summary)], lifespan=lifespan), "/summary")
