"""No function that takes a whole row has a parsed body: the minor releases of Postgres from 15.20 on then refuse to add columns with a default to its table."""

import asyncpg

BOUND = """
select p.proname
  from pg_proc p
 where p.pronamespace = 'portico'::regnamespace and p.prosqlbody is not null
   and exists (select from unnest(p.proargtypes) a join pg_type t on t.oid = a where t.typtype = 'c')"""
# By JSON, since the rows of a shard have the type of the shard.
RENEWALS = """
select bool_and(renewal_of(jsonb_populate_record(cast(null as portico.subscription), to_jsonb(s))) = s.renewal_minor)
  from subscription s where s.status = 'ACTIVE' and s.charging_payment_id is null and s.pending_kind is null"""


async def test_no_function_that_takes_a_row_is_bound_to_its_type(admin: asyncpg.Connection) -> None:
    assert await admin.fetch(BOUND) == []


async def test_the_function_that_was_bound_computes_the_same_renewals(admin: asyncpg.Connection) -> None:
    assert await admin.fetchval(RENEWALS) is True
