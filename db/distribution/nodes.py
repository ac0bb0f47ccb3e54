"""The roles on the workers. Citus connects to them as the role that runs a statement: the application, and the owner of the tables in functions that run as the owner."""

from db.connections import Connection
from db.deployment.roles import APP, CITUS_SETTINGS, DISTRIBUTED_SETTINGS, OWNER
from db.literals import literal

WORKERS = "select nodename || ':' || nodeport from pg_dist_node where groupid > 0 and noderole = 'primary' and isactive order by groupid"
PASSWORD = "select rolpassword from pg_authid where rolname = $1"
ON_WORKERS = "select nodename, nodeport, success, result from run_command_on_workers($1)"


class WorkerRefused(Exception):
    """A worker refused a statement. The message names it."""


async def workers_of(connection: Connection) -> list[str]:
    return [record[0] for record in await connection.fetch(WORKERS)]


async def create_roles(connection: Connection) -> None:
    """Create the roles on the workers, with their passwords. Raises WorkerRefused."""
    for role in (OWNER, APP):
        password = await connection.fetchval(PASSWORD, role)
        options = f"login password {literal(password)}" if password else "login"
        await _run(
            connection, f"do $do$ begin if to_regrole('{role}') is null then create role {role} {options}; else alter role {role} {options}; end if; end $do$"
        )


async def setting_statements(connection: Connection) -> list[str]:
    """Return the statements that give sessions of the application, and all sessions, the settings of a distributed database."""
    database = await connection.fetchval("select quote_ident(current_database())")
    of_application = [f"alter role {APP} in database {database} set {name} = {literal(value)}" for name, value in DISTRIBUTED_SETTINGS.items()]
    return of_application + [f"alter database {database} set {name} = {literal(value)}" for name, value in CITUS_SETTINGS.items()]


async def _run(connection: Connection, statement: str) -> None:
    await connection.execute("set citus.enable_ddl_propagation = off")
    for record in await connection.fetch(ON_WORKERS, f"set citus.enable_ddl_propagation = off; {statement}"):
        if not record["success"]:
            raise WorkerRefused(f"The worker {record['nodename']}:{record['nodeport']} refused a statement: {record['result']}")
    await connection.execute("reset citus.enable_ddl_propagation")
