"""Foreign keys while tables are distributed: those that Citus cannot have are dropped, and the others wait until both of their tables are distributed."""

from dataclasses import dataclass

from db.connections import Connection
from db.sharding.tables import LOCAL

KEYS = """
select c.conrelid::regclass::text as relation, c.confrelid::regclass::text as target, quote_ident(c.conname) as name, pg_get_constraintdef(c.oid) as definition
  from pg_constraint c
 where c.contype = 'f' and c.connamespace = 'portico'::regnamespace and c.conparentid = 0"""
# What a foreign key of a table on the coordinator refused is refused by a trigger: the errors of these are answers of the API.
REPLACED = """
create or replace function customer_is_there() returns trigger language plpgsql set search_path = portico as $$
declare
  owner constant text := to_jsonb(new) ->> tg_argv[0];
begin
  if owner is not null and not exists (select from customer c where c.id = owner) then
    raise foreign_key_violation using message = 'there is no such customer', constraint = tg_argv[1], table = tg_table_name;
  end if;
  return null;
end $$;
create or replace trigger customer_is_there after insert on client_key for each row execute function customer_is_there('owner_id', 'client_key_owner_id_fkey');
create or replace trigger customer_is_there after insert on credential for each row execute function customer_is_there('customer_id', 'credential_customer_id_fkey')"""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key of the schema, with its definition in SQL."""

    relation: str
    target: str
    name: str
    definition: str


async def drop_keys(connection: Connection, placed: set[str]) -> list[ForeignKey]:
    """Drop the foreign keys of tables that are not all distributed yet. Returns those that are to be made again."""
    local = {table.name for table in LOCAL}
    waiting = []
    for record in await connection.fetch(KEYS):
        key = ForeignKey(*record)
        if {key.relation, key.target} <= local or {key.relation, key.target} <= placed:
            continue
        await connection.execute(f"alter table {key.relation} drop constraint {key.name}")
        if not {key.relation, key.target} & local:
            waiting.append(key)
    await connection.execute(REPLACED)
    return waiting


async def restore_keys(connection: Connection, keys: list[ForeignKey]) -> None:
    for key in keys:
        await connection.execute(f"alter table {key.relation} add constraint {key.name} {key.definition}")
