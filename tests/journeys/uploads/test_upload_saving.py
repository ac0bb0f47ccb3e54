"""The rows of an upload: how many messages it sends to Postgres, and that it writes all of its rows or none."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from db.pool import Lease
from resolvers.attachments import attachments
from tests.callers.posting import attach, codes
from tests.conftest import ADA, STAFF
from tests.samples import pdf

# The invoice, and the names of the objects with the commit; all rows, and the commit; the payload, whose commit is not counted here. What opens a transaction is in one
# packet with its first statement. Staff read first whose invoice it is.
MESSAGES = {"CUSTOMER": 5, "STAFF": 6}
COUNTED = {
    "attachment": "attachment",
    "audit_event": "audit_event where event = 'uploadAttachments' and outcome = 'OK'",
    "key": "idempotency_key where mutation = 'uploadAttachments'",
}


@pytest.mark.parametrize("files", [1, 3])
async def test_an_upload_sends_five_messages_to_postgres_and_for_staff_six(
    http: httpx.AsyncClient, invoice: str, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    sent: list[str] = []
    for name in ("execute", "fetch"):
        monkeypatch.setattr(Lease, name, _counted(getattr(Lease, name), sent))
    for viewer in (ADA, STAFF):
        counts = set()
        for _ in range(4):  # the server sends others meanwhile
            sent.clear()
            payload = await attach(http, invoice, *((f"{number}.pdf", pdf()) for number in range(files)), viewer=viewer)
            assert payload["userErrors"] == []
            counts.add(len(sent))
        assert min(counts) == MESSAGES[viewer.kind], sent


def _counted(send: Callable[..., Awaitable[Any]], sent: list[str]) -> Callable[..., Awaitable[Any]]:
    async def counted(lease: Lease, sql: str, *arguments: Any, **options: Any) -> Any:
        sent.append(sql)
        return await send(lease, sql, *arguments, **options)

    return counted


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        ("update loose_object set is_doomed = true where customer_id = $1", "NOT_STORED"),
        ("update payment_schedule set status = 'CANCELED' where customer_id = $1 and status = 'ACTIVE'", "WRONG_STATE"),
    ],
)
async def test_what_happens_while_the_bytes_arrive_leaves_no_row(
    http: httpx.AsyncClient, admin: asyncpg.Connection, urls: Urls, monkeypatch: pytest.MonkeyPatch, meanwhile: str, code: str
) -> None:
    schedule = await admin.fetchval("select id from payment_schedule where customer_id = $1 and status = 'ACTIVE'", ADA.customer_id)
    receive = attachments._receive_all

    async def received(*arguments: Any) -> Any:
        stored = await receive(*arguments)
        connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})  # of the server's loop
        await connection.execute(meanwhile, ADA.customer_id)
        await connection.close()
        return stored

    before = await _rows(admin)
    with monkeypatch.context() as patch:
        patch.setattr(attachments, "_receive_all", received)
        try:
            assert codes(await attach(http, schedule, ("a.pdf", pdf()), ("b.pdf", pdf()), key=code)) == [code]
        finally:
            await admin.execute("update payment_schedule set status = 'ACTIVE' where id = $1", schedule)
    assert await _rows(admin) == before
    again = await attach(http, schedule, ("a.pdf", pdf()), ("b.pdf", pdf()), key=code)
    assert (codes(again), again["replayed"], len(again["attachments"])) == ([], False, 2)


async def _rows(admin: asyncpg.Connection) -> dict[str, int]:
    return {name: await admin.fetchval(f"select count(*) from {source}") for name, source in COUNTED.items()}
