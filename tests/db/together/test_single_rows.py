"""Statements that write one row of a kind look it up; without a word about the number of rows, Postgres reads all rows of the customer."""

import json
import re

import asyncpg
import pytest

from db.blocks import blocks
from db.transaction import PREFIX, statement_of
from tests.conftest import ADA

# Kinds of which a customer may have thousands of rows.
LOOKED_UP = {"attempted": "id", "collected": "id", "uncollected": "id", "released": "id", "result": "id", "changed_subscription": "id"}
WRITING = sorted(
    name.removeprefix(PREFIX)
    for name, block in blocks().items()
    if name.startswith(PREFIX) and block.sql.startswith(("update", "delete")) and "(:rows" in block.sql
)


@pytest.mark.parametrize("kind", WRITING)
def test_an_update_of_one_row_expects_one(kind: str) -> None:
    many, one = statement_of((kind,))[0], statement_of((kind,), frozenset({kind}))[0]
    assert re.sub(r"\(select \* from (jsonb_to_recordset\(.*?\)\) (\w+) \([^()]*\)) limit 1\) \2\b", r"\1", one, flags=re.S) == many
    assert one.count("limit 1)") == many.count("limit 1)") + 1


def test_an_insert_is_as_for_many() -> None:
    assert statement_of(("invoice",)) == statement_of(("invoice",), frozenset({"invoice"}))


@pytest.mark.parametrize(("kind", "column"), LOOKED_UP.items())
async def test_one_row_is_looked_up(kind: str, column: str, app: asyncpg.Connection) -> None:
    sql, names = statement_of((kind,), frozenset({kind}))
    async with app.transaction():
        await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'CUSTOMER'; set local app.now = '2026-11-22T00:00:00Z'")
        await app.execute("set local plan_cache_mode = force_generic_plan")
        values = {"customer_id": ADA.customer_id, f"rows_{kind}": json.dumps([{"id": "none", "key": "none"}])}
        plan = "\n".join(record[0] for record in await app.fetch(f"explain {sql}", *(values[name] for name in names)))
    assert re.search(rf"Index Cond: .*\b{column} = \(?n\.{column}", plan), plan
