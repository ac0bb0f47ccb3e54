"""The password of the demo customers, for trying out the sign-in."""

from datetime import datetime

from db.connections import Connection
from demo.personas import PERSONAS

PASSWORD = "a portico has many columns"


async def set_passwords(connection: Connection, password_hash: str, *, now: datetime) -> None:
    """Set one password for all named customers that have none. Must run in a transaction as the application role, under row security, like a mutation."""
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
