"""The policies `routed`: on the coordinator, every table of customers is restricted to the acting customer by a condition that Postgres evaluates while it plans.

A statement then names its customer as a constant for each of its tables, also in views and subqueries, and Citus sends it to the one shard of that customer. The policies
restrict what the others allow, and the shards have those of the migrations: a plan for the wrong customer reads the wrong shard, where row security shows nothing of it.
"""

from db.connections import Connection
from db.deployment.roles import APP, OWNER
from db.sharding.tables import SHARDED

POLICY = """
drop policy if exists routed on {table};
create policy routed on {table} as restrictive to {roles} using (acting_customer() is null or {key} = acting_customer())"""


async def route_by_customer(connection: Connection) -> None:
    """Make the policies on the coordinator alone."""
    await connection.execute("set local citus.enable_ddl_propagation = off")
    for table in SHARDED:
        if await connection.fetchval("select relrowsecurity from pg_class where oid = to_regclass($1)", f"portico.{table.name}"):
            await connection.execute(POLICY.format(table=f"portico.{table.name}", key=table.key, roles=f"{APP}, {OWNER}"))
