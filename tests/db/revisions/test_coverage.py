"""Blocks whose header has `revised by` read only what has a new revision at each change, and what depends on time is known."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from typing import Any

import asyncpg
import pytest

from billing.rows import row_type
from db.blocks import Block, blocks, positional
from db.builtin import embedded
from db.revisions.coverage import CATALOG, INSTANTS, NOT_COVERED

# Functions of the database that are not inlined, and read neither a table nor the clock.
PURE = {"visible_metadata", "staff_may"}
# A day, where it is computed of the clock: `today_in` of the customer's zone.
TODAY = re.compile(r"\(\(\(?NULLIF\(current_setting\('app\.now'::text, true\), ''::text\)\)?::timestamp with time zone AT TIME ZONE [\w.$]+\)+::date")
TRIGGERS = """select c.relname, g.tgname, pg_get_triggerdef(g.oid) as definition from pg_trigger g join pg_class c on c.oid = g.tgrelid
  where c.relnamespace = 'portico'::regnamespace and g.tgenabled = 'O' and g.tgname like 'revise%'"""
REVISED = [block for block in blocks().values() if block.revised_by]


@dataclass(frozen=True)
class Read:
    """What a column of a block is computed of."""

    tables: frozenset[str]
    functions: frozenset[str]
    has_instant: bool
    text: str


@pytest.fixture
async def reader(urls: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the application for a customer, whose plans hold for every parameter."""
    connection = await asyncpg.connect(urls.app, statement_cache_size=0)
    await connection.execute("set app.actor = 'CUSTOMER'; set app.customer_id = 'cus_x'; set plan_cache_mode = force_generic_plan")
    yield connection
    await connection.close()


async def read_of(reader: asyncpg.Connection, block: Block, column: str) -> Read:
    sql, names = positional(block.sql)
    arguments = f"({', '.join(['null'] * len(names))})" if names else ""
    await reader.execute(f"prepare looked_at as select {column} from ({sql}) block")
    ((text,),) = await reader.fetch(f"explain (verbose, format json, costs off) execute looked_at{arguments}")
    await reader.execute("deallocate looked_at")
    tables = frozenset(_values(json.loads(text), "Relation Name"))
    functions = frozenset(re.findall(r"(?<![\w.])(?:portico\.)?([a-z_]\w*)\(", text)) & await _own_functions(reader)
    return Read(tables, functions, "app.now" in TODAY.sub("", text), text)


_functions: set[str] = set()


async def _own_functions(reader: asyncpg.Connection) -> set[str]:
    if not _functions:
        _functions.update(row[0] for row in await reader.fetch("select proname from pg_proc where pronamespace = 'portico'::regnamespace"))
    return _functions


def _values(node: Any, name: str) -> list[str]:
    if isinstance(node, list):
        return [value for item in node for value in _values(item, name)]
    if isinstance(node, dict):
        return [*([node[name]] if name in node else []), *(value for item in node.values() for value in _values(item, name))]
    return []


# Columns that are made of the caller's id alone.
OF_THE_KEY = {("summaries.of_customer", "id"), ("summaries.of_customer", "customer_id")}


async def tracked(admin: asyncpg.Connection) -> dict[str, set[str]]:
    """The tables of which each change gives a new revision: those of customers, and those of the catalog."""
    definitions: dict[str, list[str]] = {}
    for row in await admin.fetch(TRIGGERS):
        definitions.setdefault(row["relname"], []).append(row["definition"])
    whole = {name for name, texts in definitions.items() if all(any(verb in text for text in texts) for verb in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"))}
    shared = {name for name, texts in definitions.items() if any("revise_shared('catalog')" in text for text in texts)}
    return {"customer": whole - shared, CATALOG: whole & shared}


async def test_each_table_that_a_covered_block_reads_has_a_new_revision_at_each_change(reader: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    tables = await tracked(admin)
    assert {"invoice", "customer"} <= tables["customer"]
    assert tables[CATALOG] == {"plan", "price", "coupon", "retention_offer"}
    for block in REVISED:
        known = set().union(*(tables[name] for name in block.revised_by)) | {"customer"}
        for column in (item.name for item in fields(row_type(block.returns)) if item.name not in NOT_COVERED.get(block.returns, ())):
            read = await read_of(reader, block, column)
            assert read.tables or (block.name, column) in OF_THE_KEY, (block.name, column)
            assert (block.name, column, read.tables - known, read.functions - PURE) == (block.name, column, set(), set())


async def test_each_column_that_time_changes_within_a_day_is_known(reader: asyncpg.Connection) -> None:
    differing = set()
    for block in REVISED:
        for column in (item.name for item in fields(row_type(block.returns))):
            read = await read_of(reader, block, column)
            is_known = column in INSTANTS.get(block.returns, {}) or column in NOT_COVERED.get(block.returns, ())
            if read.has_instant and not is_known:
                differing.add((block.name, column))
    assert differing == set()


async def test_what_is_declared_to_change_within_a_day_does(reader: asyncpg.Connection) -> None:
    by_id = {
        block.returns: block
        for block in REVISED
        if block.name.endswith(".by_id") or block.returns not in {other.returns for other in REVISED if other.name.endswith(".by_id")}
    }
    for returns, columns in INSTANTS.items():
        for column in columns:
            assert (await read_of(reader, by_id[returns], column)).has_instant, (returns, column)
