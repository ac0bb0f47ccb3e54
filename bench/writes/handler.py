"""The hand-written handler of the measured mutations: Starlette, asyncpg, and as few statements as their guarantees allow.

Each call claims its idempotency key, locks the customer, changes only a state that it has read, and writes its entry in the audit trail and its key's answer in the
same transaction, under row security. Events are written by the database's own triggers. The answer has the columns that the change returns, without a further read.
"""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.peers.serving import customer_of, open_pool, serve
from bench.writes import changing, statements, uploading
from bench.writes.statements import Refused, begin, claimed, new_id
from billing import refusals
from payments.processor import ChargeRequest, ChargeStatus
from payments.sandbox import Sandbox

Work = Callable[[Any, str, dict[str, Any], datetime], Awaitable[Any]]
sandbox = Sandbox(os.environ.get("PEER_SECRET", "bench"))


async def pause(connection: Any, customer_id: str, fields: dict[str, Any], now: datetime) -> Any:
    return await _keyed(connection, "pauseSubscription", (customer_id, fields, now), statements.PAUSE)


async def resume(connection: Any, customer_id: str, fields: dict[str, Any], now: datetime) -> Any:
    return await _keyed(connection, "resumeSubscription", (customer_id, fields, now), statements.RESUME)


async def _keyed(connection: Any, mutation: str, call: tuple[str, dict[str, Any], datetime], change: statements.Change) -> Any:
    """Run a change of a subscription in one transaction of five round trips."""
    customer_id, fields, now = call
    key, identifier = fields["idempotencyKey"], fields["subscriptionId"]
    await connection.execute(begin(customer_id, now))
    if (stored := await claimed(connection, mutation, fields)) is not None:
        await connection.execute("COMMIT")
        return {"subscription": json.loads(stored)}
    row = await connection.fetchrow(statements.LOCK_SUBSCRIPTION, customer_id, identifier)
    if row is None:
        raise Refused("NOT_FOUND")
    if row["status"] != change.before or row["pending_kind"] or row["holds"] or row["charging_payment_id"] or not row["period_ends_at"] > now:
        raise Refused("WRONG_STATE")
    event, audit = new_id("evt"), new_id("aud")
    changed = await connection.fetchrow(change.sql, customer_id, identifier, row["version"], now, event, audit, key, row["period_ends_at"])
    if changed is None:
        raise Refused("VERSION_CONFLICT")
    await connection.execute("COMMIT")
    return {"subscription": dict(changed)}


async def profile(connection: Any, customer_id: str, fields: dict[str, Any], now: datetime) -> Any:
    """Change the name in one transaction of three round trips."""
    await connection.execute(begin(customer_id, now))
    changed = await connection.fetchrow(statements.PROFILE, customer_id, fields["name"], now, new_id("aud"))
    if changed is None:
        raise Refused("NOT_FOUND")
    await connection.execute("COMMIT")
    return {"customer": dict(changed)}


async def pay(connection: Any, customer_id: str, fields: dict[str, Any], now: datetime) -> Any:
    """Pay an invoice: a transaction that stores the payment, the charge outside of any transaction, and a transaction with its result."""
    key, identifier = fields["idempotencyKey"], fields["invoiceId"]
    await connection.execute(begin(customer_id, now))
    if (stored := await claimed(connection, "payInvoice", fields)) is not None:
        await connection.execute("COMMIT")
        return {"invoice": json.loads(stored)}
    row = await connection.fetchrow(statements.LOCK_INVOICE, customer_id, identifier)
    if row is None or row["method_id"] is None or row["status"] not in ("OPEN", "PARTIALLY_PAID"):
        raise Refused("WRONG_STATE")
    payment_id = new_id("pay")
    await connection.execute(statements.RESERVE, customer_id, identifier, payment_id, row["method_id"], now, key, new_id("alo"))
    await connection.execute("COMMIT")
    result = await sandbox.charge(
        ChargeRequest(payment_id, customer_id, row["method_reference"], row["remaining_minor"], row["currency"], f"Invoice {row['number']}", False)
    )
    if result.status is not ChargeStatus.SUCCEEDED:
        raise Refused("PAYMENT_DECLINED")
    await connection.execute(begin(customer_id, now))
    paid = await connection.fetchrow(statements.SETTLE, customer_id, identifier, payment_id, result.processor_reference, now, key, new_id("aud"))
    if paid is None:
        raise Refused("VERSION_CONFLICT")
    await connection.execute("COMMIT")
    return {"invoice": dict(paid), "payment": {"id": payment_id, "status": result.status}}


async def change(connection: Any, customer_id: str, fields: dict[str, Any], now: datetime) -> Any:
    await connection.execute(begin(customer_id, now))
    if (stored := await claimed(connection, "changePlan", fields)) is not None:
        await connection.execute("COMMIT")
        return {"subscription": json.loads(stored)}
    return await changing.change_plan(connection, customer_id, fields, now, sandbox=sandbox)


async def answer(request: Request) -> Response:
    """Run the mutation that the operation is named after."""
    try:
        customer_id = customer_of(request.headers.get("authorization", ""))
    except jwt.InvalidTokenError:
        return Response(status_code=401)
    if request.headers["content-type"].startswith("multipart/"):
        return await _uploaded(request, customer_id)
    body = await request.json()
    mutation = body["operationName"]
    async with request.app.state.pool.acquire() as connection:
        try:
            payload = await MUTATIONS[mutation](connection, customer_id, body["variables"]["input"], datetime.now(UTC))
        except Refused as refused:
            await connection.execute("ROLLBACK")
            return JSONResponse({"data": {mutation: {"userErrors": [{"code": str(refused)}]}}})
    return JSONResponse({"data": {mutation: {"userErrors": [], **payload}}})


async def _uploaded(request: Request, customer_id: str) -> Response:
    state = request.app.state
    async with request.form() as form:
        try:
            payload = await uploading.upload(state.pool, customer_id, form, datetime.now(UTC), files=state.files)
        except (Refused, refusals.Refused) as refused:
            return JSONResponse({"data": {"uploadAttachments": {"userErrors": [{"code": str(refused)}]}}})
    return JSONResponse({"data": {"uploadAttachments": {"userErrors": [], **payload}}})


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with open_pool() as pool:
        app.state.pool, app.state.files = pool, uploading.open_files()
        yield
        await app.state.files.examiner.close()


MUTATIONS: dict[str, Work] = {
    "pauseSubscription": pause,
    "resumeSubscription": resume,
    "updateProfile": profile,
    "payInvoice": pay,
    "previewChangePlan": changing.preview,
    "changePlan": change,
}

if __name__ == "__main__":
    serve(Starlette(routes=[Route("/mutations", answer, methods=["POST"])], lifespan=lifespan), "/mutations")
