"""Errors that Postgres raises on request, for a customer whose name has one of these forms, when the row is read or written.

fault 55P03              every statement that touches the row fails with this SQLSTATE
fault 40001 once 7       only the first statement fails (7 is any number, unique to the test)
fault sleep              every statement that touches the row takes three seconds
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

# An advisory lock remains after a rollback, and is allowed in a READ ONLY transaction; advancing a sequence is not.
CREATE = """
create function fault(name text) returns boolean language plpgsql security definer set search_path = portico as $$
declare words text[] := string_to_array(name, ' ');
begin
  if words[1] is distinct from 'fault' then return true; end if;
  if words[2] = 'sleep' then perform pg_sleep(3); return true; end if;
  if words[3] = 'once' then
    if exists (select from pg_locks where locktype = 'advisory' and objid = words[4]::oid) then return true; end if;
    perform pg_advisory_lock(words[4]::integer);
  end if;
  raise exception 'made by a test' using errcode = words[2];
end $$;
create policy fault on customer as restrictive for select to portico_app using (fault(name));
create function fault_written() returns trigger language plpgsql as $$ begin perform portico.fault(new.name); return new; end $$;
create trigger fault_written before update on customer for each row execute function fault_written();
"""
DROP = "drop trigger fault_written on customer; drop function fault_written; drop policy fault on customer; drop function fault"


@asynccontextmanager
async def faults(admin: asyncpg.Connection) -> AsyncIterator[None]:
    """Create the function, the policy and the trigger of faults within the context."""
    await admin.execute(CREATE)
    try:
        yield
    finally:
        await admin.execute(DROP)


async def rename(admin: asyncpg.Connection, customer_id: str, name: str) -> None:
    """Rename a customer with triggers switched off."""
    await admin.execute("set session_replication_role = replica")
    await admin.execute("update customer set name = $2 where id = $1", customer_id, name)
    await admin.execute("set session_replication_role = origin")
