"""Customers of a database from before addresses were of one customer: who signs in with an address stays, and the others share it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.builtin import embedded
from db.deployment.migrate import migrate
from tests.db.migrations.old_database import connected, new_database

# By id: the address, whether there is a credential for it, and whether the customer shares the address afterwards.
CUSTOMERS = {
    "cus_a": ("one@example.org", False, False),
    "cus_b": ("two@example.org", False, True),
    "cus_c": ("Two@example.org", True, False),
    "cus_d": ("three@example.org", False, True),
    "cus_e": ("THREE@example.org", False, True),
}


@pytest.fixture
async def old(urls: embedded.Urls) -> AsyncIterator[embedded.Urls]:
    async with new_database(urls, "shared_addresses") as new:
        await migrate(new.admin, to="0033-1")
        async with connected(new.admin) as connection:
            for identifier, (address, has_credential, _) in CUSTOMERS.items():
                await connection.execute(
                    "insert into customer (id, name, email, currency, created_at) values ($1, 'A customer', $2, 'EUR', now())", identifier, address
                )
                if has_credential:
                    await connection.execute("insert into credential values (lower($1), $2, 'x', now(), now())", address, identifier)
        yield new


async def test_of_customers_with_one_address_the_one_who_signs_in_with_it_keeps_it(old: embedded.Urls) -> None:
    await migrate(old.admin)
    async with connected(old.admin) as connection:
        rows = await connection.fetch("select id, shares_email from customer order by id")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("update customer set email = 'ONE@example.org', shares_email = false where id = 'cus_b'")
        proved = await connection.fetchval("select is_email_proved and closed_at is null from credential where customer_id = 'cus_c'")
    assert {row["id"]: row["shares_email"] for row in rows} == {identifier: shares for identifier, (_, _, shares) in CUSTOMERS.items()}
    assert proved, "who had a password before is not asked to prove the address again"
