"""The hash by which a customer's group is found is that of Postgres."""

import string
from random import Random

import asyncpg

from db.workers.hashing import hash_of

LETTERS = string.ascii_letters + string.digits + "_-äß€語🧾"


async def test_the_hash_is_that_of_postgres(admin: asyncpg.Connection) -> None:
    """For texts of every length up to four blocks, and for the ids of customers."""
    random = Random(7)
    texts = ["".join(random.choices(LETTERS, k=length)) for length in range(50) for _ in range(8)]
    texts += [record[0] for record in await admin.fetch("select id from customer limit 200")]
    expected = await admin.fetch("select hashtext(t) from unnest($1::text[]) with ordinality as u (t, nth) order by nth", texts)
    hashes = [record[0] for record in expected]
    assert [hash_of(text) for text in texts] == hashes
    assert min(hashes) < 0 < max(hashes)
