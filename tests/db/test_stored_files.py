"""What the application role cannot do to a customer's file by SQL, whoever it says to act for: not to its row, nor to its object."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.blocks import blocks
from tests.conftest import ADA, BIG
from tests.lifecycle.conftest import new_id

# What a setting of the unit of work may say.
CALLERS = {
    "staff": {"actor": "STAFF"},
    "a partner's app": {"actor": "PARTNER"},
    "the worker": {"actor": "SYSTEM"},
    "nobody": {"actor": "ANONYMOUS"},
    "no setting": {"actor": ""},
    "another customer": {"actor": "CUSTOMER", "customer_id": BIG.customer_id},
    "who came by a link": {"actor": "CUSTOMER", "session_id": "ses_by_link"},
    "whom a token names beside the customer": {"actor": "CUSTOMER", "acting_party": "desk"},
}
COPY = """insert into attachment (customer_id, id, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
          select customer_id, $2, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, 'PENDING', uploaded_by, uploader, uploaded_at
            from attachment where id = $1"""

# Everything that might take the row, or with it the object: $1 is the attachment, where it is taken.
STATEMENTS = {
    "delete the row": "delete from attachment where id = $1",
    "delete the invoice": "delete from invoice where id = (select invoice_id from attachment where id = $1)",
    "delete the customer": "delete from customer where id = (select customer_id from attachment where id = $1)",
    "truncate": "truncate attachment",
    "truncate the invoices": "truncate invoice cascade",
    "disable triggers": "alter table attachment disable trigger all",
    "disable row security": "alter table attachment no force row level security",
    "drop": "drop table attachment cascade",
    "replica": "set session_replication_role = replica",
    "become the owner": "set role portico_owner",
    "say that its object is loose": "insert into loose_object (customer_id, object_key, expires_at) select customer_id, object_key, now() - interval '1 day' from attachment where id = $1",
    "rename a loose object": "update loose_object set object_key = (select object_key from attachment where id = $1)",
    "give another row its object": COPY,
    "how the session began": "update portal_session set link_delivery = 'MAIL' where id = 'ses_by_link' and $1 <> ''",
    "the method": "update portal_session set method = 'PASSWORD' where id = 'ses_by_link' and $1 <> ''",
    "end the audit": "delete from audit_event where $1 <> ''",
}


@pytest.fixture
async def file(admin: asyncpg.Connection) -> asyncpg.Record:
    """A stored one that Ada uploaded."""
    return await admin.fetchrow(
        "select * from attachment where customer_id = $1 and uploaded_by = 'CUSTOMER' and status = 'STORED' and invoice_id is not null limit 1", ADA.customer_id
    )


@pytest.fixture
async def session(admin: asyncpg.Connection) -> AsyncIterator[None]:
    await admin.execute(
        "insert into portal_session (customer_id, id, method, link_delivery, created_at, last_used_at, expires_at) "
        "values ($1, 'ses_by_link', 'PORTAL_LINK', 'RETURN', now(), now(), now() + interval '1 day')",
        ADA.customer_id,
    )
    yield
    await admin.execute("delete from portal_session where id = 'ses_by_link'")


async def act(app: asyncpg.Connection, **settings: Any) -> None:
    for name, value in ({"customer_id": ADA.customer_id, "now": "2027-01-01T00:00:00Z"} | settings).items():
        await app.execute(f"set local app.{name} = '{value}'")


async def rows(admin: asyncpg.Connection, file: asyncpg.Record) -> list[Any]:
    """The row, who else has its object, whether that is loose, and how the session began."""
    sessions = "select method, link_delivery from portal_session where id = 'ses_by_link'"
    return [
        await admin.fetchrow("select * from attachment where id = $1", file["id"]),
        await admin.fetchval("select count(*) from attachment where object_key = $1", file["object_key"]),
        await admin.fetchval("select count(*) from loose_object where object_key = $1", file["object_key"]),
        await admin.fetchrow(sessions),
    ]


async def run(app: asyncpg.Connection, statement: str, identifier: str) -> str:
    arguments = [value for name, value in (("$1", identifier), ("$2", new_id("att"))) if name in statement]
    return await app.execute(statement, *arguments)


@pytest.mark.parametrize("caller", CALLERS)
async def test_no_statement_of_the_application_takes_a_customers_file(
    app: asyncpg.Connection, admin: asyncpg.Connection, file: asyncpg.Record, session: None, caller: str
) -> None:
    """Each is committed if Postgres lets it."""
    before, columns = await rows(admin, file), set(file.keys()) - {"version"}
    changes = {f"set {name}": f"update attachment set {name} = {other(name, file)} where id = $1" for name in columns}
    done = []
    for name, statement in (STATEMENTS | changes).items():
        with suppress(asyncpg.PostgresError):
            async with app.transaction():
                await act(app, **CALLERS[caller])
                tag = await run(app, statement, file["id"])
                if not tag.endswith(" 0"):
                    done.append(name)
        assert await rows(admin, file) == before, name
    assert done == []


def other(column: str, file: asyncpg.Record) -> str:
    """A value that the column does not have, and could."""
    value = file[column]
    match value:
        case bool():
            return str(not value).lower()
        case int():
            return str(value + 1)
        case None:
            return "'sch_00000000000000000000000000'"
    return {"status": "'REJECTED'", "uploaded_by": "'STAFF'", "content_type": "'image/png'", "uploaded_at": "now()", "sha256": f"'{'0' * 64}'"}.get(
        column, "'att_x'"
    )


async def test_the_customer_who_signed_in_takes_their_own_file(app: asyncpg.Connection, file: asyncpg.Record, session: None) -> None:
    """The control of the test above: the statements are right."""
    transaction = app.transaction()
    await transaction.start()
    await act(app, actor="CUSTOMER", session_id="ses_another")
    assert await app.execute(STATEMENTS["delete the row"], file["id"]) == "DELETE 1"
    insert = "insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, now())"
    assert await app.execute(insert, ADA.customer_id, file["object_key"]) == "INSERT 0 1", "now it is loose"
    await transaction.rollback()


@pytest.mark.parametrize("key", ["customer/{big}/att_0-0000000000000000", "incoming/{big}/att_0"])
async def test_no_customer_has_a_loose_object_of_another(app: asyncpg.Connection, key: str) -> None:
    insert = "insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, now())"
    for name, owner in ((key.format(big=BIG.customer_id), BIG), (key.format(big=ADA.customer_id), ADA)):
        transaction = app.transaction()
        await transaction.start()
        await act(app, actor="CUSTOMER")
        is_own = owner is ADA
        try:
            assert await app.execute(insert, ADA.customer_id, name) == "INSERT 0 1"
        except asyncpg.RestrictViolationError:
            assert not is_own, name
        else:
            assert is_own, name
        await transaction.rollback()


@pytest.mark.parametrize(
    ("actor", "uploader", "changed"),
    [
        ("STAFF", "CUSTOMER", 0),
        ("SYSTEM", "CUSTOMER", 0),
        ("CUSTOMER", "STAFF", 0),
        ("CUSTOMER", "CUSTOMER", 1),
        ("PARTNER", "CUSTOMER", 1),
        ("STAFF", "STAFF", 1),
    ],
)
async def test_what_was_announced_is_rejected_by_its_own_side_alone(
    app: asyncpg.Connection, admin: asyncpg.Connection, actor: str, uploader: str, changed: int
) -> None:
    identifier = new_id("att")
    await admin.execute(
        """insert into attachment (customer_id, id, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
           select customer_id, $1, invoice_id, 'g', 'a.pdf', 'application/pdf', 1, sha256, $1, 'PENDING', $2, 'x', now()
             from attachment where customer_id = $3 and invoice_id is not null limit 1""",
        identifier,
        uploader,
        ADA.customer_id,
    )
    try:
        async with app.transaction():
            await act(app, actor=actor)
            assert await app.execute("update attachment set status = 'REJECTED' where id = $1", identifier) == f"UPDATE {changed}"
    finally:
        async with admin.transaction():
            await admin.execute(f"set local app.actor = 'CUSTOMER'; set local app.customer_id = '{ADA.customer_id}'")
            await admin.execute("delete from attachment where id = $1", identifier)


async def test_in_a_session_of_a_link_no_grant_is_given_or_revoked_by_sql(app: asyncpg.Connection, session: None) -> None:
    insert = "insert into partner_grant (customer_id, id, client_id, scopes, created_at) values ($1, 'grant_x', 'no-app', '{read}', now())"
    for settings, error in (({"session_id": "ses_by_link"}, asyncpg.InsufficientPrivilegeError), ({"session_id": "ses_x"}, asyncpg.ForeignKeyViolationError)):
        transaction = app.transaction()
        await transaction.start()
        await act(app, actor="CUSTOMER", **settings)
        with pytest.raises(error):
            await app.execute(insert, ADA.customer_id)
        await transaction.rollback()


WRITES = re.compile(r"\b(insert into|update|delete from|truncate(?: table)?|merge into) (portico\.)?attachment\b")
DOWN_THE_LINE = """
select conrelid::regclass::text || '.' || conname from pg_constraint
 where contype = 'f' and 'portico.attachment'::regclass in (conrelid, confrelid) and (confdeltype not in ('a', 'r') or confupdtype not in ('a', 'r'))"""
FUNCTIONS = "select proname, prosrc, prosecdef from pg_proc where pronamespace = 'portico'::regnamespace"


async def test_these_statements_alone_write_attachments(admin: asyncpg.Connection) -> None:
    """An import or a sweep that comes later has to be thought of in this module. Erasing deletes only of a customer who is marked as erased."""
    assert {name for name, block in blocks().items() if WRITES.search(block.sql.lower())} == {
        "saving.attachment",
        "attachments.store",
        "attachments.reject",
        "attachments.delete",
        "attachments.delete_pending",
        "erasing.attachments",
    }
    assert await admin.fetch(DOWN_THE_LINE) == [], "a row goes with another one"
    functions = await admin.fetch(FUNCTIONS)
    assert [row["proname"] for row in functions if WRITES.search(row["prosrc"].lower()) or (row["prosecdef"] and "attachment" in row["prosrc"])] == []


def test_objects_are_deleted_in_one_module(root: Path) -> None:
    """There a row says first that the object is loose."""
    folders = ("auth", "billing", "db", "gateway", "jobs", "loaders", "mail", "papers", "payments", "planner", "resolvers", "schema")
    modules = [path for folder in folders for path in (root / folder).rglob("*.py")]
    assert {path.relative_to(root).as_posix() for path in modules if "bucket.delete(" in path.read_text()} == {
        "resolvers/attachments/orphans.py",
        "gateway/cli/doctor/services.py",  # the file that it has put there itself
    }


async def test_not_even_the_owner_of_the_tables_changes_what_an_attachment_is(admin: asyncpg.Connection, file: asyncpg.Record) -> None:
    """The application role has no grant for these columns; a grant or a program of the owner that is added later changes nothing."""
    for column in ("uploaded_by", "uploader", "uploaded_on_behalf", "sha256", "size_bytes", "content_type", "file_name", "object_key", "status"):
        with pytest.raises(asyncpg.RestrictViolationError, match="stays what it is"):
            await admin.execute(f"update attachment set {column} = {other(column, file)} where id = $1", file["id"])
    assert await admin.fetchrow("select * from attachment where id = $1", file["id"]) == file
