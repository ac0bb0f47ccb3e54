"""The hand-written handler of `saveCustomer`: Starlette, asyncpg, and the statements that Portico sends, in one transaction of as many round trips."""

import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.peers.serving import customer_of, open_pool, serve
from billing.customers.saving import BLANK
from billing.ids import type_id
from db.blocks import blocks, positional

BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL app.customer_id = ''; SET LOCAL app.actor = 'STAFF'; SET LOCAL app.scopes = 'customers:write'; "
    "SET LOCAL app.now = '{now}'"
)
AUDIT = (
    "insert into audit_event (id, customer_id, actor, client, request_id, event, outcome, detail, happened_at) "
    "values ('{id}', '{customer_id}', 'STAFF', 'bench', '', 'saveCustomer', 'OK', '{detail}', '{now}')"
)
COLUMNS = {"externalId": "external_id", "email": "email", "name": "name", "currency": "currency", "companyName": "company_name"}


async def save_customer(request: Request) -> Response:
    try:
        customer_of(request.headers.get("authorization", ""))
    except jwt.InvalidTokenError:
        return Response(status_code=401)
    fields = (await request.json())["variables"]["input"]
    sent = {column: fields[name] for name, column in COLUMNS.items() if name in fields}
    pool = request.app.state.pool
    async with pool.acquire() as connection:
        return JSONResponse(await _saved(connection, sent))


async def _saved(connection: Any, sent: dict[str, Any]) -> Any:
    now = datetime.now(UTC)
    await connection.execute(BEGIN.format(now=now.isoformat()))
    row = await _first(connection, "customers.to_save", key=None, external_id=sent["external_id"], email=sent["email"], time_zone=None)
    stored = json.loads(row["stored"]) if row["stored"] else None
    if stored is not None and not any(stored[column] != value for column, value in sent.items()):
        await connection.execute("COMMIT")
        return {"outcome": "UNCHANGED", "customer": {"id": stored["id"], "version": stored["version"]}}
    identifier = stored["id"] if stored else type_id("cus", time.time_ns() // 1_000_000, entropy=secrets.randbits(74))
    name = "customers.update" if stored else "customers.insert"
    saved = await _first(connection, name, customer_id=identifier, row=json.dumps({**(stored or BLANK), **sent}), now=now)
    outcome = "UPDATED" if stored else "CREATED"
    event = type_id("aud", time.time_ns() // 1_000_000, entropy=secrets.randbits(74))
    await connection.execute(AUDIT.format(id=event, customer_id=identifier, detail=outcome, now=now.isoformat()) + "; COMMIT")
    return {"outcome": outcome, "customer": {"id": saved["id"], "version": saved["version"]}}


async def _first(connection: Any, name: str, **values: Any) -> Any:
    sql, names = positional(blocks()[name].sql)
    return (await connection.fetch(sql, *(values[parameter] for parameter in names)))[0]


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with open_pool() as pool:
        app.state.pool = pool
        yield


if __name__ == "__main__":
    serve(Starlette(routes=[Route("/save", save_customer, methods=["POST"])], lifespan=lifespan), "/save")
