"""The hand-written handler of `createInvoice`: Starlette, asyncpg, and the statements that Portico sends, in one transaction of as many round trips."""

import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.peers.serving import customer_of, open_pool, serve
from billing.ids import type_id
from db.blocks import blocks, positional, with_literals
from db.transaction import in_order, statement_of

BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL app.customer_id = '{customer}'; SET LOCAL app.actor = 'STAFF'; SET LOCAL app.scopes = 'invoices:write'; "
    "SET LOCAL app.caller = 'bench'; SET LOCAL app.now = '{now}'"
)


async def create_invoice(request: Request) -> Response:
    try:
        customer_of(request.headers.get("authorization", ""))
    except jwt.InvalidTokenError:
        return Response(status_code=401)
    fields = (await request.json())["variables"]["input"]
    pool = request.app.state.pool
    async with pool.acquire() as connection:
        return JSONResponse({"data": {"createInvoice": {"invoice": await _issued(connection, fields), "userErrors": []}}})


async def _issued(connection: Any, fields: dict[str, Any]) -> Any:
    now, customer = datetime.now(UTC), fields["customerId"]
    await connection.execute(BEGIN.format(customer=customer, now=now.isoformat()))
    call = {"mutation": "createInvoice", "key": fields["idempotencyKey"]}
    await _run(connection, "operations.claim_of_client", **call, input_hash=hashlib.sha256(json.dumps(fields).encode()).hexdigest())
    await _run(connection, "customers.lock", customer_id=customer)
    await _run(connection, "invoicing.buyer", customer_id=customer, currency="USD")
    identifier, rows = _rows(fields, call, now)
    sql, names = statement_of(in_order(rows))
    values = {"customer_id": customer, "now": now, **{f"rows_{kind}": json.dumps(row) for kind, row in rows.items()}}
    await connection.fetch(sql, *(values[name] for name in names))
    place: dict[str, str | int] = {
        "key": identifier,
        "series": "INV-{year}-{number}",
        "year": now.year,
        "prefix": f"INV-{now.year}-",
        "digits": 6,
        "suffix": "",
    }
    await connection.execute(with_literals(blocks()["invoices.issue_number"].sql, place) + "; COMMIT")
    await connection.execute(BEGIN.format(customer=customer, now=now.isoformat()).replace("READ COMMITTED READ WRITE", "REPEATABLE READ READ ONLY"))
    (row,) = await _run(connection, "invoices.by_id", customer_id=customer, key=identifier)
    await connection.execute("COMMIT")
    return {name: row[name] for name in ("id", "number", "status", "version")}


def _rows(fields: dict[str, Any], call: dict[str, str], now: datetime) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    instant, due_on = now.isoformat(), (now + timedelta(days=14)).date().isoformat()
    identifier = _id("inv")
    subtotal = sum(line["quantity"] * round(float(line["unitAmount"]["amount"]) * 100) for line in fields["lines"])
    tax = round(subtotal * 0.081)
    amounts = {"currency": "USD", "subtotal_minor": subtotal, "discount_minor": 0, "tax_minor": tax, "total_minor": subtotal + tax}
    invoice = {"id": identifier, "number": identifier, "reason": "MANUAL", "status": "OPEN", "issued_at": instant, "due_on": due_on, "created_at": instant}
    line = {
        "id": _id("line"),
        "invoice_id": identifier,
        "position": 1,
        "description": "Consulting",
        "quantity": 3,
        "unit_minor": 12_000,
        "tax_rate_ppm": 81_000,
    }
    event = {"id": _id("aud"), "customer_id": fields["customerId"], "actor": "STAFF", "client": "bench", "request_id": "", "event": "createInvoice"}
    return identifier, {
        "invoice": [invoice | amounts | {"paid_minor": 0, "credited_minor": 0}],
        "invoice_line": [line | amounts],
        "document_snapshot": [{"document_id": identifier, "issuer_name": "Portico", "issuer_address": [], "issuer_tax_ids": [], "issuer_footer": []}],
        "client_key": [call | {"caller": "bench", "answer": {"invoice": identifier}, "finished_at": instant}],
        "audit_event": [event | {"outcome": "OK", "detail": identifier, "happened_at": instant}],
    }


def _id(prefix: str) -> str:
    return type_id(prefix, time.time_ns() // 1_000_000, entropy=secrets.randbits(74))


async def _run(connection: Any, name: str, **values: Any) -> Any:
    sql, names = positional(blocks()[name].sql)
    return await connection.fetch(sql, *(values[parameter] for parameter in names))


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with open_pool() as pool:
        app.state.pool = pool
        yield


if __name__ == "__main__":
    serve(Starlette(routes=[Route("/create", create_invoice, methods=["POST"])], lifespan=lifespan), "/create")
