"""What erasing a customer does with each column is in the table `column_erasure`, compared with the catalog of the database."""

import asyncpg

# Columns of tables with rows of customers, and columns that can hold text of any other table.
COLUMNS = """
select c.relname || '.' || a.attname as name
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.relnamespace = 'portico'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
   and (c.relname = 'customer' or a.atttypid in ('text'::regtype, 'text[]'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype, 'bytea'::regtype)
        or exists (select from pg_attribute k where k.attrelid = c.oid and k.attname in ('customer_id', 'owner_id') and not k.attisdropped))"""
LISTED = "select relation || '.' || attribute as name from column_erasure"
EXISTING = """
select c.relname || '.' || a.attname as name
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where c.relnamespace = 'portico'::regnamespace"""
ADVICE = "a revision that adds a column inserts a row into column_erasure, which says what erasing a customer does with it"


async def names(admin: asyncpg.Connection, query: str) -> set[str]:
    return {row["name"] for row in await admin.fetch(query)}


async def test_every_column_with_data_of_customers_says_what_erasure_does_with_it(admin: asyncpg.Connection) -> None:
    columns, listed = await names(admin, COLUMNS), await names(admin, LISTED)
    assert len(columns) > 300
    assert columns - listed == set(), ADVICE
    assert listed - await names(admin, EXISTING) == set(), "every row names a column"


async def test_a_new_column_is_found_until_it_is_listed(admin: asyncpg.Connection) -> None:
    """The control."""
    async with admin.transaction():
        await admin.execute("alter table customer add column nickname text")
        assert await names(admin, COLUMNS) - await names(admin, LISTED) == {"customer.nickname"}
        await admin.execute("alter table customer drop column nickname")


async def test_tables_without_customers_have_no_column_of_them(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("select relation from column_erasure where treatment = 'NONE' and attribute in ('customer_id', 'owner_id')")
    assert rows == []


async def test_every_table_of_customers_has_a_part_in_the_export(admin: asyncpg.Connection) -> None:
    tables = await admin.fetch(
        "select distinct relation from column_erasure where attribute = 'customer_id' except select relation from column_erasure where is_exported"
    )
    assert tables == []
