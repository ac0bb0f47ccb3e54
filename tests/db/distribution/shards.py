"""Changes that triggers refuse, for tests: on a cluster of Citus they are made on the workers, whose sessions have settings of their own."""

import asyncpg

from db.connections import is_distributed

ON_SHARDS = "select success, result from run_command_on_shards($1, $2)"


async def change_quietly(admin: asyncpg.Connection, table: str, columns: str, identifier: str) -> None:
    """Change columns of the row with this id without triggers. `columns` are SQL, such as `number = null`."""
    change = f"update %s set {columns} where id = '{identifier}'"
    if not await is_distributed(admin):
        await admin.execute(f"set session_replication_role = replica; {change % table}; set session_replication_role = origin")
        return
    for is_done, problem in await admin.fetch(ON_SHARDS, f"portico.{table}", f"set local session_replication_role = replica; {change}"):
        assert is_done, problem
