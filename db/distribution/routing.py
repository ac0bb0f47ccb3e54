"""The policies `routed`: on the coordinator, every table of customers is restricted to the acting customer by a condition that Postgres evaluates while it plans.

A statement then names its customer as a constant for each of its tables, also in views and subqueries, and Citus sends it to the one shard of that customer. The policies
restrict what the others allow, and the shards have those of the migrations: a plan for the wrong customer reads the wrong shard, where row security shows nothing of it.
"""

from db.connections import Connection
from db.deployment.roles import APP, OWNER
from db.sharding.tables import REFERENCE, SHARDED

POLICY = """
drop policy if exists routed on {table};
create policy routed on {table} as restrictive to {roles} using (acting_customer() is null or {key} = acting_customer())"""

# A shard that arrives on a worker has its foreign keys checked there by the owner, whom row security binds and for whom nobody acts.
CHECKED = """
drop policy if exists checked_by_owner on {table};
create policy checked_by_owner on {table} for select to {owner} using (coalesce(current_setting('app.actor', true), '') = '')"""
IS_SECURED = "select relrowsecurity from pg_class where oid = to_regclass($1)"


async def route_by_customer(connection: Connection) -> None:
    """Make the policies on the coordinator alone."""
    await connection.execute("set local citus.enable_ddl_propagation = off")
    for table in SHARDED:
        if await connection.fetchval(IS_SECURED, f"portico.{table.name}"):
            await connection.execute(POLICY.format(table=f"portico.{table.name}", key=table.key, roles=f"{APP}, {OWNER}"))


async def show_references(connection: Connection) -> None:
    """Let the owner see the rows of reference tables while foreign keys are checked, so that shards with rows that refer to them can move. The policies are on all nodes."""
    await connection.execute("set local citus.enable_ddl_propagation = on")
    for table in REFERENCE:
        if await connection.fetchval(IS_SECURED, f"portico.{table}"):
            for statement in CHECKED.format(table=f"portico.{table}", owner=OWNER).strip().split(";"):
                await connection.execute(statement)
