"""The schemas of groups of shards on the workers. In each, the views and functions of the statements that read exist again, over the shards of the group and no others.

A server connects to the worker and reads there as on a single node: for Postgres the shards are plain tables, so that its statements stay prepared with generic plans.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from db.connections import Connection, connect
from db.deployment.roles import APP, OWNER
from db.distribution.functions import COORDINATORS
from db.distribution.nodes import WorkerRefused
from db.sharding.copies import VIEWS, ordered
from db.sharding.groups import SCHEMAS, schema_of
from db.sharding.tables import LOCAL, REFERENCE, ROOT, SHARDED

# Every shard on the workers. Those with the same lowest hash are one group; a reference table has one shard, which is on all workers.
SHARDS = """
select c.relname as table, s.shardid as shard, s.shardminvalue as lowest, n.nodename as host, n.nodeport as port
  from pg_dist_shard s
  join pg_class c on c.oid = s.logicalrelid and c.relnamespace = 'portico'::regnamespace
  join pg_dist_placement p on p.shardid = s.shardid
  join pg_dist_node n on n.groupid = p.groupid and n.noderole = 'primary'
 where n.groupid > 0 and n.isactive and c.relname = any($1::text[])"""
# A view, and a table or view that it selects from.
RELATIONS = """
select distinct v.relname as view, o.relname as other
  from pg_rewrite r
  join pg_class v on v.oid = r.ev_class
  join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
  join pg_class o on o.oid = d.refobjid and o.oid <> v.oid
 where v.relkind = 'v' and v.relnamespace = 'portico'::regnamespace and o.relnamespace = 'portico'::regnamespace"""
# What reads: functions that write are volatile.
FUNCTIONS = """
select p.proname as name, pg_get_functiondef(p.oid) as definition
  from pg_proc p
 where p.pronamespace = 'portico'::regnamespace and p.prokind = 'f' and p.provolatile <> 'v' and p.prorettype <> 'trigger'::regtype
 order by p.oid"""
# Those that are called on the coordinator only, or are about shards.
ELSEWHERE = {*COORDINATORS.split(), "acting_customer", "shard_of"} - {"assert_client"}
# A function as `adapt_functions` has made it.
ADAPTED = re.compile(r"\bLANGUAGE plpgsql\b(.*)\nAS (\$\w*\$)begin return (.*); end\2", re.DOTALL)
PARSED = re.compile(r"\nRETURN (.*)", re.DOTALL)
SCHEMA = re.compile(r"\bportico\.|(?<=search_path TO ')portico(?=')|(?<=search_path = )portico\b")
# A shard that has moved is still there for some seconds, and has the rows of before. The catalog of the worker says where it is, in the snapshot of the transaction.
PLACED = """
create function assert_placed() returns void language plpgsql stable as $$
begin
  if not exists (select from pg_dist_placement p join pg_dist_local_group l on l.groupid = p.groupid where p.shardid = {shard}) then
    raise exception 'the shards of this group are on another worker' using errcode = '40001';
  end if;
end $$"""
# A shard that moves takes the policy of the coordinator along, of which a plan that is kept would keep the customer.
DROP = f"""
set citus.enable_ddl_propagation = off;
do $do$
declare
  named text;
begin
  set local lock_timeout = '10s';
  set local client_min_messages = warning;
  for named in select quote_ident(nspname) from pg_namespace where {SCHEMAS} loop
    execute format('drop schema %s cascade', named);
  end loop;
  for named in select cast(cast(polrelid as regclass) as text) from pg_policy where polname = 'routed' loop
    execute format('drop policy routed on %s', named);
  end loop;
end $do$"""
ON_WORKER = "select success, result from master_run_on_worker(array[$1::text], array[$2::integer], array[$3::text], false)"
ON_WORKERS = "select nodename, nodeport, success, result from run_command_on_workers($1)"


@dataclass(frozen=True, slots=True)
class Definitions:
    """The views of the schema, each after those that it selects from, and its functions, as the statements that make them."""

    views: Mapping[str, str]
    functions: tuple[str, ...]


async def drop_groups(admin_url: str) -> None:
    """Drop the schemas of all groups, which would keep a migration from changing the columns that they show. Servers read by the coordinator then. Raises WorkerRefused."""
    connection = await connect(admin_url, seconds=10)
    try:
        for record in await connection.fetch(ON_WORKERS, DROP):
            _check(record["nodename"], record["nodeport"], is_done=record["success"], result=record["result"])
    finally:
        await connection.close()


async def make_groups(connection: Connection) -> int:
    """Make the schema of each group anew, on the worker of its shards, and return how many there are. Raises WorkerRefused."""
    definitions = await definitions_of(connection)
    groups: dict[tuple[str, int, str], dict[str, int]] = {}
    shared: dict[tuple[str, int], dict[str, int]] = {}
    for record in await connection.fetch(SHARDS, [*(table.name for table in SHARDED), *REFERENCE]):
        place = (record["host"], record["port"])
        tables = shared.setdefault(place, {}) if record["lowest"] is None else groups.setdefault((*place, record["lowest"]), {})
        tables[record["table"]] = record["shard"]
    for record in await connection.fetch(ON_WORKERS, DROP):
        _check(record["nodename"], record["nodeport"], is_done=record["success"], result=record["result"])
    for (host, port, _), tables in groups.items():
        shards = {table: f"{table}_{shard}" for table, shard in (shared.get((host, port), {}) | tables).items()}
        statements = [*group_statements(schema_of(tables[ROOT]), shards, definitions), PLACED.format(shard=tables[ROOT])]
        text = ";\n".join(["set local citus.enable_ddl_propagation = off", *statements])
        for record in await connection.fetch(ON_WORKER, host, port, text):
            _check(host, port, is_done=record["success"], result=record["result"])
    return len(groups)


def _check(host: str, port: int, *, is_done: bool, result: str) -> None:
    if not is_done:
        raise WorkerRefused(f"The worker {host}:{port} refused the views of its shards: {result}")


async def definitions_of(connection: Connection) -> Definitions:
    """Return what a group has of the schema: no view of a table that is on the coordinator, and no function that is called there."""
    await connection.execute("set search_path = ''")  # so that definitions name the schemas
    try:
        views = {record["viewname"]: record["definition"] for record in await connection.fetch(VIEWS)}
        reads = [(record["view"], record["other"]) for record in await connection.fetch(RELATIONS)]
        functions = [record["definition"] for record in await connection.fetch(FUNCTIONS) if record["name"] not in ELSEWHERE]
    finally:
        await connection.execute("reset search_path")
    missing = {table.name for table in LOCAL}
    order = [relation for relation in ordered(views, reads) if relation in views]
    for view in order:
        if missing & {other for reader, other in reads if reader == view}:
            missing.add(view)
    return Definitions({view: views[view] for view in order if view not in missing}, tuple(map(as_sql, functions)))


def as_sql(definition: str) -> str:
    """Return a function as Postgres can inline it: in SQL, where `adapt_functions` has made it one in PL/pgSQL, and with its body as text, which names nothing until it is planned."""
    definition = ADAPTED.sub(lambda match: f"LANGUAGE sql{match[1]}\nAS {match[2]}select {match[3]}{match[2]}", definition)
    return PARSED.sub(lambda match: f"\nAS $body$select {match[1]}$body$", definition)


def group_statements(schema: str, shards: Mapping[str, str], definitions: Definitions) -> Iterator[str]:
    """Return the statements that make the schema of a group, whose tables are called as `shards` says, in the schema `portico`."""
    own = files("db.distribution").joinpath("groups.sql").read_text(encoding="utf-8").strip().removesuffix(";")
    yield f"create schema {schema} authorization {OWNER}"
    yield f"set local role {OWNER}; set local search_path = {schema}; set local check_function_bodies = off"
    for table, shard in shards.items():
        yield f"create view {table} with (security_invoker = true) as select * from portico.{shard}"
    for text in (*definitions.functions, own):
        yield SCHEMA.sub(lambda match: f"{schema}." if match[0].endswith(".") else schema, text)
    for view, definition in definitions.views.items():
        if f"view {view} " not in own:
            yield f"create view {view} with (security_invoker = true) as {SCHEMA.sub(f'{schema}.', definition.removesuffix(';'))}"
    yield f"grant usage on schema {schema} to {APP}"
    yield f"grant select on all tables in schema {schema} to {APP}"
    yield f"revoke execute on all functions in schema {schema} from public; grant execute on all functions in schema {schema} to {APP}"
