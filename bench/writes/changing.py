"""The change of plan and its preview in the hand-written handler: the rules of `billing`, and the rows and statements that Portico writes, without its layers."""

import secrets
from datetime import datetime
from typing import Any

from bench.writes.statements import begin, begin_reading
from billing.ids import type_id
from billing.lifecycle import change
from billing.lifecycle.facts import ChangeWhen, Decision, SubscriptionFacts
from billing.money.numbers import Numbering
from billing.states import Actor
from db.callers import Caller
from db.transaction import Transaction
from payments.processor import ChargeStatus
from payments.sandbox import Sandbox
from resolvers.changes.saving import merged, save
from resolvers.changes.writing import WriteContext
from resolvers.charges.charged_decisions import issued
from resolvers.charges.charging import reserve
from resolvers.idempotency import MutationCall, key_rows
from resolvers.reads.facts import contract, facts_of_change


class Lease:
    """A connection of asyncpg as a transaction uses it."""

    is_distributed = False

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, sql: str, arguments: Any) -> list[Any]:
        return list(await self._connection.fetch(sql, *arguments))

    async def execute(self, sql: str) -> None:
        await self._connection.execute(sql)


def transaction_on(connection: Any, customer_id: str, now: datetime) -> Transaction:
    lease: Any = Lease(connection)
    return Transaction(lease, Caller(customer_id, Actor.CUSTOMER, now), lambda: None)


async def decided(transaction: Transaction, fields: dict[str, Any], now: datetime) -> tuple[SubscriptionFacts, Decision]:
    price_id = fields["priceId"]
    facts = await facts_of_change(transaction.run, fields["subscriptionId"], now=now, others=[price_id])
    return facts, change.change(facts, facts.offers.get(price_id), facts.contract.quantity, when=ChangeWhen.POLICY)


async def preview(connection: Any, customer_id: str, fields: dict[str, Any], now: datetime) -> Any:
    await connection.execute(begin_reading(customer_id, now))
    _, decision = await decided(transaction_on(connection, customer_id, now), fields, now)
    await connection.execute("COMMIT")
    return {"preview": {"amountDue": decision.due_minor, "status": decision.contract.status}}


async def change_plan(connection: Any, customer_id: str, fields: dict[str, Any], now: datetime, *, sandbox: Sandbox) -> Any:
    """Change the plan after its key was claimed: store the charge, make it outside of any transaction, and write the decision with the money."""
    transaction = transaction_on(connection, customer_id, now)
    await contract(transaction.run, fields["subscriptionId"])
    facts, decision = await decided(transaction, fields, now)
    by = WriteContext(Actor.CUSTOMER, now, _new_id(now), Numbering())
    call = MutationCall("changePlan", fields["idempotencyKey"])
    sending, rows = reserve(facts, decision, {"subscription": facts.contract.id}, call, by=by)
    await save(transaction, merged(rows, _audited(facts, by)))
    await connection.execute("COMMIT")
    result = await sandbox.charge(sending.charge)
    assert result.status is ChargeStatus.SUCCEEDED
    await connection.execute(begin(customer_id, now))
    transaction = transaction_on(connection, customer_id, now)
    payment_id = sending.charge.key
    (charge,) = await transaction.run("charges.lock", key=payment_id)
    assert charge.settled_at is None
    paid = {"id": payment_id, "status": result.status, "processor_reference": result.processor_reference, "settled_at": now}
    settled: dict[str, list[dict[str, Any]]] = {"result": [paid], "settled": [{"payment_id": payment_id, "settled_at": now}]}
    finished = key_rows(call, answer={"subscription": facts.contract.id}, finished_at=now, payment_id=payment_id)
    await save(transaction, merged(issued(rows["charge"][0]["changes"], by=by), settled, finished))
    await connection.execute("; ".join([*transaction.closing, "COMMIT"]))
    after = decision.contract
    return {"subscription": {"id": after.id, "status": after.status}, "payment": {"id": payment_id, "status": result.status}}


def _audited(facts: SubscriptionFacts, by: WriteContext) -> Any:
    row = {"id": by.new_id("aud"), "customer_id": facts.contract.customer_id, "actor": "CUSTOMER", "client": "bench", "request_id": "", "event": "changePlan"}
    return {"audit_event": [row | {"outcome": "OK", "detail": facts.contract.id, "happened_at": by.now}]}


def _new_id(now: datetime) -> Any:
    return lambda prefix: type_id(prefix, int(now.timestamp() * 1000), entropy=secrets.randbits(74))
