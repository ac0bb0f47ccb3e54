"""Deleting files: by who uploaded them, and for what customers uploaded by nobody else, whoever asks and whatever is broken."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.callers.posting import attach
from tests.conftest import ADA, BIG, STAFF, Post
from tests.samples import pdf

DELETE = "mutation ($id: ID!) { deleteAttachment(input: {attachmentId: $id}) { deletedAttachmentId userErrors { code path } } }"
SHOW = "query ($id: ID!) { node(id: $id) { ... on Attachment { availableActions { action allowed reason } } } }"


async def delete(post: Post, identifier: str, viewer: Any) -> Any:
    return (await post(DELETE, viewer, id=identifier)).json()["data"]["deleteAttachment"]


@pytest.mark.parametrize(
    ("uploader", "deleter"), [(ADA, ADA), (STAFF, STAFF), (ADA, STAFF), (STAFF, ADA)], ids=["own", "staff's own", "staff a customer's", "a customer staff's"]
)
async def test_who_uploaded_it_deletes_it_and_what_is_allowed_is_told_before(
    http: httpx.AsyncClient, post: Post, invoice: str, uploader: Any, deleter: Any, admin: asyncpg.Connection, data_dir: Path
) -> None:
    identifier = (await attach(http, invoice, ("a.pdf", pdf()), viewer=uploader))["attachments"][0]["id"]
    key = await admin.fetchval("select object_key from attachment where id = $1", identifier)
    offer = (await post(SHOW, deleter, id=identifier)).json()["data"]["node"]["availableActions"][0]
    answer = await delete(post, identifier, deleter)
    if uploader is deleter:
        assert offer == {"action": "DELETE", "allowed": True, "reason": None}
        assert answer == {"deletedAttachmentId": identifier, "userErrors": []}
        assert (await delete(post, identifier, deleter))["userErrors"][0]["code"] == "NOT_FOUND"
        for _ in range(40):
            await asyncio.sleep(0.05)
            if not (data_dir / "bucket" / key).exists() and not await admin.fetchval("select count(*) from loose_object where object_key = $1", key):
                return
        pytest.fail("the object is still there")
    assert offer == {"action": "DELETE", "allowed": False, "reason": "NOT_YOURS_TO_DELETE"}
    assert answer == {"deletedAttachmentId": None, "userErrors": [{"code": "NOT_YOURS_TO_DELETE", "path": ["input", "attachmentId"]}]}
    assert (data_dir / "bucket" / key).exists()


async def test_somebody_elses_file_is_like_none(http: httpx.AsyncClient, post: Post, invoice: str) -> None:
    identifier = (await attach(http, invoice, ("a.pdf", pdf())))["attachments"][0]["id"]
    assert await delete(post, identifier, BIG) == await delete(post, "att_01m829w97ne1msh76cygrhecz9", BIG)


WAYS = {
    "delete": "delete from attachment where id = $1",
    "delete what it hangs on": "delete from invoice where id = (select invoice_id from attachment where id = $1)",
    "delete with a cascade put in": "delete from invoice where id = (select invoice_id from attachment where id = $1)",
    "make it staff's": "update attachment set uploaded_by = 'STAFF' where id = $1",
    "make it another's": "update attachment set uploader = 'x' where id = $1",
    "make it wait again": "update attachment set status = 'PENDING' where id = $1",
    "exchange its bytes": "update attachment set object_key = 'x' where id = $1",
    "move it away": "update attachment set id = 'att_x' where id = $1",
}


@pytest.mark.parametrize("role", ["portico_owner", "postgres"])
@pytest.mark.parametrize("actor", ["STAFF", "SYSTEM", "PARTNER", ""])
@pytest.mark.parametrize("way", WAYS)
async def test_not_even_the_owner_of_the_table_gets_rid_of_what_a_customer_uploaded(admin: asyncpg.Connection, way: str, actor: str, role: str) -> None:
    transaction = admin.transaction()
    await transaction.start()
    try:
        identifier = await admin.fetchval(
            "select id from attachment where customer_id = $1 and uploaded_by = 'CUSTOMER' and status = 'STORED' and invoice_id is not null limit 1",
            ADA.customer_id,
        )
        if "cascade" in way:
            await admin.execute("alter table attachment drop constraint attachment_customer_id_invoice_id_fkey")
            await admin.execute("alter table attachment add foreign key (customer_id, invoice_id) references invoice (customer_id, id) on delete cascade")
            for table in ("invoice_line", "payment_allocation", "balance_entry", "installment"):
                await admin.execute(f"alter table {table} disable trigger all")
            await admin.execute("alter table attachment no force row level security; alter table invoice no force row level security")
        await admin.execute(
            f"alter table attachment no force row level security; set local role {role}; set local app.actor = '{actor}'; set local app.customer_id = '{ADA.customer_id}'"
        )
        with suppress(asyncpg.IntegrityConstraintViolationError):
            before = await admin.fetchrow("select * from attachment where id = $1", identifier)
            await admin.execute(WAYS[way], identifier)
            await admin.execute("set constraints all immediate")
            assert before is not None
            assert await admin.fetchrow("select * from attachment where id = $1", identifier) == before, "it was done"
    finally:
        await transaction.rollback()


async def test_the_application_deletes_only_what_its_caller_may_whatever_it_says(app: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    def acting(actor: str) -> str:
        return f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = '{actor}'"

    for actor, whose in (("STAFF", "CUSTOMER"), ("CUSTOMER", "STAFF"), ("PARTNER", "CUSTOMER"), ("SYSTEM", "CUSTOMER"), ("SYSTEM", "STAFF"), ("", "CUSTOMER")):
        transaction = app.transaction()
        await transaction.start()
        await app.execute(acting(actor))
        assert await app.execute("delete from attachment where uploaded_by = $1 and status = 'STORED'", whose) == "DELETE 0", actor
        await transaction.rollback()
    assert await admin.fetchval("select count(*) from attachment where customer_id = $1", ADA.customer_id) > 3


async def test_nobody_says_to_be_another_uploader(app: asyncpg.Connection) -> None:
    for actor, said in (("STAFF", "CUSTOMER"), ("CUSTOMER", "STAFF"), ("PARTNER", "STAFF")):
        transaction = app.transaction()
        await transaction.start()
        await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = '{actor}'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(
                """insert into attachment (customer_id, id, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
                   select customer_id, 'att_new', invoice_id, 'g', 'a.pdf', 'application/pdf', 1, sha256, 'k', 'STORED', $1, 'x', now()
                     from attachment where invoice_id is not null limit 1""",
                said,
            )
        await transaction.rollback()


async def test_attachments_are_never_emptied_out(admin: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await admin.execute("truncate attachment cascade")
