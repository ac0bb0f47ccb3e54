"""Passwords of the demo customers, so that signing in can be tried."""

from datetime import datetime

from db.connections import Connection
from demo.personas import PERSONAS

PASSWORD = "a portico has many columns"


async def give(connection: Connection, password_hash: str, *, now: datetime) -> None:
    """One password for all named customers; who has one keeps it. In a transaction as the application, under row security, like any mutation."""
    for person in PERSONAS:
        await connection.execute(f"set local app.customer_id = '{person.id}'")
        await connection.execute(
            "insert into credential (email, customer_id, password_hash, changed_at, created_at) select $1, $2, $3, $4, $4"
            " where not exists (select from credential where customer_id = $2)",
            person.email,
            person.id,
            password_hash,
            now,
        )
