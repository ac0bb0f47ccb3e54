"""What a connection says of its Postgres: which database it is, whether it is a standby, and how far it has come."""

from dataclasses import dataclass

from db.connections import Connection
from db.replicas.positions import parsed

# A copy by pg_basebackup has the identifier of its primary.
IDENTITY = """
select (select system_identifier from pg_control_system()) as system, current_database() as name, pg_is_in_recovery() as is_standby,
       (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as bypasses_security"""
# Everything that was committed before the statement, with synchronous_commit, is before this position.
FLUSHED = "select pg_current_wal_flush_lsn()::text as position"
# Without a position it is a primary: promoted, or never a standby.
REPLAYED = "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end::text as position"


class UnfitReplica(Exception):
    """The URL of a replica names something else; the message says what."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.cause = message


@dataclass(frozen=True, slots=True)
class DatabaseIdentity:
    """One database of one cluster."""

    system: int
    name: str


async def identity_of(connection: Connection) -> DatabaseIdentity:
    """Return the database of a connection to the primary."""
    row = await connection.fetchrow(IDENTITY)
    assert row is not None
    return DatabaseIdentity(row["system"], row["name"])


async def check_replica(connection: Connection, primary: DatabaseIdentity) -> None:
    """Raises UnfitReplica for what is no replica of the primary's database, or a role to which row security does not apply."""
    row = await connection.fetchrow(IDENTITY)
    assert row is not None
    if row["system"] != primary.system:
        raise UnfitReplica("is not a replica of the primary: its system identifier is another one")
    if not row["is_standby"]:
        raise UnfitReplica("is not a standby: it takes writes")
    if row["name"] != primary.name:
        raise UnfitReplica("is another database of the primary's cluster")
    if row["bypasses_security"]:
        raise UnfitReplica("logs in as a superuser or with BYPASSRLS; let it use the role portico_app")


async def flushed(connection: Connection) -> int:
    """Return the position up to which the primary has written."""
    return parsed(await connection.fetchval(FLUSHED)) or 0


async def replayed(connection: Connection) -> int:
    """Return the position up to which a standby can be read. Raises UnfitReplica when it has been promoted."""
    position = await connection.fetchval(REPLAYED)
    if position is None:
        raise UnfitReplica("is not a standby any more: it was promoted")
    return parsed(position) or 0
