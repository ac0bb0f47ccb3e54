"""Turn a migrated database on the coordinator of Citus into distributed tables, in one transaction, so that a run that fails or is killed changes nothing.

A second run distributes the tables of later migrations, and repeats what belongs to all functions and tables.
"""

from dataclasses import dataclass
from importlib.resources import files
from uuid import uuid4

from db.connections import Connection, connect
from db.deployment.revisions import revisions
from db.distribution.constraints import drop_keys, restore_keys
from db.distribution.functions import adapt_functions, distribute_functions
from db.distribution.groups import make_groups
from db.distribution.nodes import create_roles, setting_statements, workers_of
from db.distribution.policies import fold_restrictive
from db.distribution.routing import route_by_customer, show_references
from db.distribution.two_phases import commit_in_two_phases
from db.literals import literal
from db.migrations import statements_of
from db.sharding.tables import LOCAL, MARK, REFERENCE, ROOT, SHARDED, Sharded

REVISION = "select cast(version_num as text) from portico.alembic_version"
PLACED = "select c.relname from pg_dist_partition d join pg_class c on c.oid = d.logicalrelid where c.relnamespace = 'portico'::regnamespace"
TABLES = "select relname from pg_class where relnamespace = 'portico'::regnamespace and relkind in ('r', 'p') and not relispartition"
# Statements on many shards use one connection for each worker, which also sees what the transaction has done before.
SETTINGS = """
set local search_path = portico, public;
set local citus.propagate_set_commands = 'local';
set local citus.multi_shard_modify_mode = 'sequential';
set local citus.enable_unsafe_triggers = on;
set local citus.enable_local_reference_table_foreign_keys = off;
set local lock_timeout = '10s';
set local client_min_messages = warning"""


class CannotDistribute(Exception):
    """The database cannot be distributed, and nothing was changed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The tables that a run has distributed, and the number of workers."""

    tables: tuple[str, ...]
    workers: int


async def check(admin_url: str) -> None:
    """Raises CannotDistribute for a database that is not the coordinator of a cluster with workers."""
    connection = await connect(admin_url, seconds=10)
    try:
        await _workers(connection)
    finally:
        await connection.close()


async def distribute(admin_url: str, *, shards: int = 32) -> Distribution:
    """Distribute every table of `db.sharding.tables` that is not distributed yet. Raises CannotDistribute, and the errors of Postgres."""
    connection = await connect(admin_url, seconds=10)
    try:
        workers = await _workers(connection)
        placed = await _placed(connection)
        await create_roles(connection)
        async with connection.transaction():
            await connection.execute(SETTINGS)
            missing = await _distribute(connection, placed, shards)
        await create_roles(connection)  # Citus has made them on the workers again as they are on the coordinator, where the owner may not log in
        if missing:  # rows that were copied to shards have no statistics there, and plans that are kept would be made without
            await connection.execute(f"vacuum (analyze) {', '.join(f'portico.{table}' for table in missing)}")
        await make_groups(connection)
        return Distribution(missing, len(workers))
    finally:
        await connection.close()


async def _workers(connection: Connection) -> list[str]:
    """Return the addresses of the workers. Raises CannotDistribute."""
    if not await connection.fetchval("select exists (select from pg_extension where extname = 'citus')"):
        raise CannotDistribute(
            "The database is not one of Citus: `create extension citus` in it on every node, and add the workers (docs/scaling.md). Nothing was changed."
        )
    if not await connection.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        raise CannotDistribute("Only a superuser can distribute the database. Let PORTICO_DATABASE_URL log in as one. Nothing was changed.")
    if not await connection.fetchval("select groupid = 0 from pg_dist_local_group"):
        raise CannotDistribute("This node is a worker of Citus. Name the coordinator in PORTICO_DATABASE_URL. Nothing was changed.")
    if not (workers := await workers_of(connection)):
        raise CannotDistribute("Citus has no workers: add them with `select citus_add_node(…)` (docs/scaling.md). Nothing was changed.")
    return workers


async def _placed(connection: Connection) -> set[str]:
    """Return the tables that are distributed. Raises CannotDistribute for a database that this program does not know, or that was distributed otherwise."""
    tables = {record[0] for record in await connection.fetch(TABLES)}
    if "alembic_version" not in tables or await connection.fetchval(REVISION) != revisions()[0]:
        raise CannotDistribute("The database is not at the revision of this version. Run `./portico migrate` first. Nothing was changed.")
    known = {table.name for table in SHARDED} | {*REFERENCE} | {table.name for table in LOCAL}
    if unknown := sorted(tables - known - {MARK}):
        raise CannotDistribute(f"It is not known how to distribute {', '.join(unknown)}. Move what is not Portico's to another schema. Nothing was changed.")
    placed = {record[0] for record in await connection.fetch(PLACED)} & known
    is_ours = await connection.fetchval("select to_regprocedure('portico.acting_customer()') is not null")
    if placed and not is_ours:
        raise CannotDistribute(
            f"{', '.join(sorted(placed))} was distributed by other means. `select undistribute_table(…)` for each, or restore the backup of before. Nothing was changed."
        )
    if wrong := sorted(placed & {table.name for table in LOCAL}):
        raise CannotDistribute(f"{', '.join(wrong)} has to be on the coordinator: `select undistribute_table(…)`. Nothing was changed.")
    return placed


async def _distribute(connection: Connection, placed: set[str], shards: int) -> tuple[str, ...]:
    sharded = [table for table in SHARDED if table.name not in placed]
    reference = [name for name in REFERENCE if name not in placed]
    await connection.execute("set local citus.enable_ddl_propagation = off" if not placed else "select")
    keys = await drop_keys(connection, placed)
    for statement in statements_of(_source("functions.sql")):  # each in a message of its own: Citus forwards the whole text of one
        await connection.execute(statement)
    await adapt_functions(connection)
    for table in sharded:
        await _adapt(connection, table)
    for name in (*reference, *(table.name for table in sharded)):
        await fold_restrictive(connection, f"portico.{name}")
    await connection.execute("set local citus.enable_ddl_propagation = on")
    for name in sorted(placed):  # also where an earlier version has distributed them, or a later migration has made policies
        await fold_restrictive(connection, f"portico.{name}")
    await connection.execute("set local check_function_bodies = off")  # a statement of its own: Citus forwards the whole text
    await distribute_functions(connection, take_rows=False)
    await connection.execute("set local session_replication_role = replica")  # the rows are copied, and are no news to triggers
    for name in reference:
        await connection.execute(f"select create_reference_table({literal(f'portico.{name}')})")
    for table in sharded:
        await _place(connection, table, shards)
    await connection.execute("set local session_replication_role = origin")
    await restore_keys(connection, keys)
    await distribute_functions(connection, take_rows=True)
    # `customer_revision` does not read the revision of the schema there.
    await connection.execute(f"update shared_revision set revision = '{uuid4()}' where name = 'all'")
    await route_by_customer(connection)
    await show_references(connection)
    await commit_in_two_phases(connection)
    for statement in await setting_statements(connection):
        await connection.execute(statement)
    return tuple([*reference, *(table.name for table in sharded)])


def _source(name: str) -> str:
    return files("db.distribution").joinpath(name).read_text(encoding="utf-8")


async def _adapt(connection: Connection, table: Sharded) -> None:
    """Give a table the primary key and the indexes that a table with shards may have."""
    if table.primary_key:
        await connection.execute(f"alter table {table.name} drop constraint {table.name}_pkey, add primary key ({', '.join(table.primary_key)})")
    for index, _ in table.unique_elsewhere:
        definition: str = await connection.fetchval("select pg_get_indexdef(to_regclass($1))", index)
        await connection.execute(f"drop index {index}; {definition.replace('CREATE UNIQUE INDEX', 'CREATE INDEX')}")


async def _place(connection: Connection, table: Sharded, shards: int) -> None:
    name = literal(f"portico.{table.name}")
    how = f"shard_count => {shards}" if table.name == ROOT else f"colocate_with => 'portico.{ROOT}'"
    await connection.execute(f"select create_distributed_table({name}, {literal(table.key)}, {how})")
