"""Commits in two phases of what is written on the coordinator and on a worker, so that a node that is lost in between leaves both or neither.

Citus commits on one worker first and then on the coordinator, unless it knows that the coordinator is written too, and it knows this of tables in its own catalog alone. So the tables
of `IN_TWO_PHASES` have a trigger that changes one of these, which has no rows.
"""

from db.connections import Connection
from db.sharding.tables import IN_TWO_PHASES, MARK

TABLE = f"create table if not exists portico.{MARK} (is_empty boolean)"
IS_KNOWN = "select exists (select from pg_dist_partition where logicalrelid = to_regclass($1))"
FUNCTION = f"""
create or replace function portico.commit_in_two_phases() returns trigger language plpgsql security definer set search_path = portico as $$
begin
  delete from {MARK};
  return null;
end $$"""
TRIGGER = """
create or replace trigger commit_in_two_phases after insert or update or delete on portico.{table} for each statement execute function portico.commit_in_two_phases()"""


async def commit_in_two_phases(connection: Connection) -> None:
    """Make the table and the triggers. They are on the coordinator alone."""
    await connection.execute(TABLE)
    if not await connection.fetchval(IS_KNOWN, f"portico.{MARK}"):
        await connection.execute(f"select citus_add_local_table_to_metadata('portico.{MARK}')")
    await connection.execute("set local citus.enable_ddl_propagation = off")
    await connection.execute(FUNCTION)
    for table in IN_TWO_PHASES:
        await connection.execute(TRIGGER.format(table=table))
    await connection.execute("set local citus.enable_ddl_propagation = on")
