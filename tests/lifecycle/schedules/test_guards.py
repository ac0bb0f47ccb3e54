"""The second lock: the database itself lets staff with `schedules:write`, or an import, change what is agreed, and no other caller."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from db.builtin import embedded
from tests.lifecycle.conftest import Life
from tests.lifecycle.schedules.agreeing import create


@dataclass(frozen=True)
class Writer:
    """Who writes: the actor of the transaction and, for staff, the scopes of the token."""

    actor: str
    scopes: str = "-"

    @property
    def may(self) -> bool:
        return self.actor == "STAFF" and not {"schedules:write", "imports:run", "staff"}.isdisjoint(self.scopes.split())


WRITERS = [
    Writer("STAFF", "schedules:write"),
    Writer("STAFF", "customers:read schedules:write"),
    Writer("STAFF", "staff"),
    Writer("STAFF"),
    Writer("STAFF", "invoices:write payments:record payments:refund balance:write customers:write catalog:write subscriptions:write payments:write"),
    Writer("CUSTOMER"),
    Writer("PARTNER"),
    Writer("SYSTEM"),
]
TERMS = {
    "a new schedule": """insert into payment_schedule (customer_id, id, name, currency, invoicing, status, total_minor, created_at)
                          values ('{customer}', 'sch_{new}', 'x', 'USD', 'NONE', 'ACTIVE', 1, now())""",
    "a new installment": """insert into installment (customer_id, id, schedule_id, currency, position, name, due_on, amount_minor, status)
                            values ('{customer}', 'ins_{new}', '{schedule}', 'USD', 9, 'x', '2027-01-01', 1, 'DUE')""",
    "no installment": "delete from installment where customer_id = '{customer}' and id = '{installment}'",
    "another amount": "update installment set amount_minor = amount_minor + 1 where customer_id = '{customer}' and id = '{installment}'",
    "another day": "update installment set due_on = due_on + 1 where customer_id = '{customer}' and id = '{installment}'",
    "another name": "update installment set name = 'y' where customer_id = '{customer}' and id = '{installment}'",
    "a canceled installment": "update installment set status = 'CANCELED' where customer_id = '{customer}' and id = '{installment}'",
    "another total": "update payment_schedule set total_minor = total_minor + 1 where customer_id = '{customer}' and id = '{schedule}'",
    "a canceled schedule": "update payment_schedule set status = 'CANCELED' where customer_id = '{customer}' and id = '{schedule}'",
}
# What payments and the clock write, with every scope that moves money, and customers.
MONEY = "update installment set status = 'PROCESSING', version = version + 1 where customer_id = '{customer}' and id = '{installment}'"


# Other tables that a payment needs.
OTHERS = {
    "payment": "update payment set version = version where customer_id = '{customer}'",
    "payment_allocation": "delete from payment_allocation where customer_id = '{customer}'",
    "charge": "update charge set sent_at = sent_at where customer_id = '{customer}'",
    "payment_method": "update payment_method set version = version where customer_id = '{customer}'",
    "customer": "update customer set version = version where id = '{customer}'",
}


@pytest.fixture
async def app(place: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the application's role."""
    connection = await asyncpg.connect(place.app, server_settings={"search_path": "portico"})
    yield connection
    await connection.close()


async def is_written(app: asyncpg.Connection, life: Life, writer: Writer, sql: str) -> bool:
    """Run a statement as a caller and roll it back. Return whether the database let it write a row."""
    (schedule,) = await life.rows("payment_schedule")
    installment = min(await life.rows("installment"), key=lambda row: row["position"])
    statement = sql.format(customer=life.customer_id, schedule=schedule["id"], installment=installment["id"], new=secrets.token_hex(8))
    settings = {"customer_id": life.customer_id, "actor": writer.actor, "now": life.now} | ({"scopes": writer.scopes} if writer.actor == "STAFF" else {})
    transaction = app.transaction()
    await transaction.start()
    try:
        for name, value in settings.items():
            await app.execute(f"set local app.{name} = '{value}'")
        return not (await app.execute(statement)).endswith(" 0")
    except asyncpg.InsufficientPrivilegeError:
        return False
    finally:
        await transaction.rollback()


@pytest.mark.parametrize("sql", TERMS.values(), ids=TERMS)
async def test_what_is_agreed_is_written_by_staff_with_the_scope_alone(life: Life, app: asyncpg.Connection, sql: str) -> None:
    await create(life, "10", "20", first=40)
    assert {writer: await is_written(app, life, writer, sql) for writer in WRITERS} == {writer: writer.may for writer in WRITERS}


async def test_payments_are_written_as_before(life: Life, app: asyncpg.Connection) -> None:
    await create(life, "10", "20", first=40)
    expected = {writer: writer != Writer("STAFF") for writer in WRITERS}
    assert {writer: await is_written(app, life, writer, MONEY) for writer in WRITERS} == expected


@pytest.mark.parametrize("sql", OTHERS.values(), ids=OTHERS)
async def test_the_scope_moves_no_money(life: Life, app: asyncpg.Connection, sql: str) -> None:
    await life.subscribe("storage")
    await create(life, "10", "20", first=40)
    assert not await is_written(app, life, Writer("STAFF", "schedules:write"), sql)
    assert await is_written(app, life, Writer("STAFF", "staff"), sql), "nothing to write"
