"""What staff may write follows from the scopes of their token, in the API and in the database. The mutations, the scopes and the tables are read from the program."""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from auth.permissions import STAFF_SCOPES, check, is_allowed
from auth.viewer import Viewer
from billing.refusals import Forbidden
from billing.states import Actor
from schema import build
from schema.declarations.fields import permission_of
from tests.conftest import ADA, NOW
from tests.db.staff.writes import OF_ALL, WRITES

SCHEMA = build()
MUTATIONS = {name: permission for name in SCHEMA.mutation_type.fields if (permission := permission_of(SCHEMA.mutation_type, name)) is not None}
# The mutations of staff by the scope that they need; those that need no token are another matter.
OF_STAFF = {name: permission for name, permission in MUTATIONS.items() if permission.scope and Actor.STAFF in permission.kinds}
SCOPES = sorted(STAFF_SCOPES - {"staff"})

TABLES = """
select c.relname as name,
       array(select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and has_column_privilege('portico_app', c.oid, a.attnum, 'INSERT')
              order by a.attname not in ('customer_id', 'owner_id', 'id'), a.attnum) as inserted,
       array(select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and has_column_privilege('portico_app', c.oid, a.attnum, 'UPDATE')
              order by a.attname <> 'redeemed_count') as updated,  -- a trigger leaves the other columns of coupons to those who write the catalog
       has_table_privilege('portico_app', c.oid, 'DELETE') as is_deleted,
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'customer_id') as has_owner
  from pg_class c
 where c.relnamespace = 'portico'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"""


@dataclass(frozen=True)
class Written:
    """A table with the columns that the application may insert and update."""

    name: str
    inserted: tuple[str, ...]
    updated: tuple[str, ...]
    is_deleted: bool
    has_owner: bool

    def statements(self) -> list[str]:
        """Return a statement for each way in which the application may write the table. The inserted row is not valid, which is checked after the policies."""
        own = " where customer_id = current_setting('app.customer_id')" if self.has_owner else ""
        inserts = []
        if self.inserted:
            owner = "customer_id" if "customer_id" in self.inserted else self.inserted[0]
            inserts = [f"insert into {self.name} ({owner}) values (current_setting('app.customer_id'))"]
        updates = [f"update {self.name} set {self.updated[0]} = {self.updated[0]}{own}"] if self.updated else []
        return [*inserts, *updates, *([f"delete from {self.name}{own}"] if self.is_deleted else [])]


@pytest.fixture
async def written(admin: asyncpg.Connection) -> list[Written]:
    rows = [Written(row["name"], tuple(row["inserted"]), tuple(row["updated"]), row["is_deleted"], row["has_owner"]) for row in await admin.fetch(TABLES)]
    tables = [row for row in rows if row.statements()]
    assert len(tables) > 30
    return tables


@pytest.fixture
async def staff(app: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of staff without scopes for Ada, who has a calendar link, which only customers make. It is rolled back."""
    transaction = app.transaction()
    await transaction.start()
    await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'CUSTOMER'")
    await app.execute("insert into calendar_link (customer_id, secret_hash, sealed, created_at) values ($1, $2, '', now())", ADA.customer_id, "0" * 64)
    await app.execute(
        f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'STAFF'; set local app.caller = 'tests'; set local app.now = '{NOW.isoformat()}'; "
        "set local app.scopes = '-'"
    )
    yield app
    await transaction.rollback()


async def is_written(staff: asyncpg.Connection, scope: str, statement: str) -> bool:
    """Return whether row security lets the statement write with the scope. Whatever stops it afterwards does not count."""
    attempt = staff.transaction()
    await attempt.start()
    try:
        await staff.execute(f"set local app.scopes = '{scope}'")
        return (await staff.execute(statement)).rpartition(" ")[2] != "0"
    except asyncpg.InsufficientPrivilegeError:
        return False
    except asyncpg.PostgresError:
        return True
    finally:
        await attempt.rollback()


def test_every_mutation_of_staff_declares_the_tables_that_it_writes() -> None:
    assert OF_STAFF.keys() == WRITES.keys(), (
        "name the tables that a mutation writes in WRITES of tests/db/staff/writes.py, also one that customers share with staff"
    )
    assert len(OF_STAFF) >= 30


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_scope_writes_the_tables_that_its_mutations_need_and_no_others(scope: str, staff: asyncpg.Connection, written: list[Written]) -> None:
    needed = frozenset().union(*(WRITES[name] for name, permission in OF_STAFF.items() if permission.scope == scope))
    ways: dict[str, list[bool]] = defaultdict(list)
    for table in written:
        if table.name not in OF_ALL:
            ways[table.name] = [await is_written(staff, scope, statement) for statement in table.statements()]
    allowed = {table for table, each in ways.items() if any(each)}
    listed = {row[0] for row in await staff.fetch("select relation from staff_write where scope = $1", scope)}
    assert allowed == listed, "the database lets a scope write what its table of scopes says"
    if needed:  # a scope whose mutations are still to come may have its tables already
        assert listed == needed


async def test_all_scopes_together_write_what_every_one_writes(staff: asyncpg.Connection, written: list[Written]) -> None:
    """The control: with the scope `staff` each way to write a table passes that one scope passes."""
    for table in written:
        listed = await staff.fetchval("select count(*) from staff_write where relation = $1", table.name)
        for statement in table.statements() if listed else ():
            one_of_them = any([await is_written(staff, scope, statement) for scope in SCOPES])
            assert await is_written(staff, "staff", statement) is one_of_them, statement


async def test_a_transaction_without_scopes_writes_what_staff_of_the_version_before_could(staff: asyncpg.Connection, written: list[Written]) -> None:
    before = {"subscriptions:hold", "links:create", "attachments:write", "documents:publish"}
    rows = await staff.fetch("select relation from staff_write where scope = any($1)", before)
    for table in written:
        if table.name not in OF_ALL:
            ways = [await is_written(staff, "", statement) for statement in table.statements()]
            assert any(ways) is (table.name in {row[0] for row in rows}), table.name


async def test_a_customer_needs_no_scope(staff: asyncpg.Connection) -> None:
    await staff.execute("set local app.actor = 'CUSTOMER'")
    assert await is_written(staff, "-", "update customer set name = name")
    await staff.execute("set local app.actor = 'STAFF'")
    assert not await is_written(staff, "-", "update customer set name = name")


async def test_a_lock_needs_no_scope(staff: asyncpg.Connection) -> None:
    assert len(await staff.fetch("select id from customer where id = $1 for no key update", ADA.customer_id)) == 1


@pytest.mark.parametrize("name", OF_STAFF)
def test_a_mutation_is_forbidden_with_all_scopes_but_its_own(name: str) -> None:
    permission = OF_STAFF[name]
    others = tuple(sorted(STAFF_SCOPES - {permission.scope, "staff"} - ({"customers:read"} if permission.scope in ("read", "customers:search") else set())))
    with pytest.raises(Forbidden):
        check(Viewer(Actor.STAFF, None, others, "erp"), permission)
    for enough in (permission.scope, "staff"):
        assert is_allowed(Viewer(Actor.STAFF, None, (enough,), "erp"), permission)


async def test_no_one_but_the_owner_changes_what_scopes_write(app: asyncpg.Connection) -> None:
    for statement in ("insert into staff_write values ('customer', 'read:all')", "delete from staff_write", "update staff_write set scope = 'a:b'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement)
