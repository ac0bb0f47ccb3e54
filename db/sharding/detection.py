"""Whether a database is distributed, and whether the role of a connection may serve."""

import asyncpg

# The policies `routed` call this function, which db/distribution makes in the transaction that distributes the tables.
IS_DISTRIBUTED = "select to_regprocedure('portico.acting_customer()') is not null"
ROLE = """
select rolsuper or rolbypassrls as is_unbound, to_regprocedure('portico.acting_customer()') is not null as is_distributed
  from pg_roles where rolname = current_user"""


async def inspect(connection: asyncpg.Connection) -> bool:
    """Refuse a role that can bypass row security, and return whether the database is distributed. Raises PermissionError."""
    (role,) = await connection.fetch(ROLE)
    if role["is_unbound"]:
        raise PermissionError("Portico must not run as a superuser or with BYPASSRLS; let it use the role portico_app.")
    return bool(role["is_distributed"])
