"""The process that erases or exports a customer is killed at every await. The retry, or another worker, has exactly one effect."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.pool import Database
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.identity import post
from gateway.wiring.worker import printing
from jobs.attachments import sweep
from jobs.clock import Billing
from jobs.exporting import ExportResult, make_exports
from jobs.passes import Duties
from storage.local import Local
from tests.auditing import violations
from tests.conftest import STAFF, Portal
from tests.depth import in_turns
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.customers.test_erasing_money import erase
from tests.lifecycle.invoicing.staff import create
from tests.lifecycle.payments.test_paying import pay
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, killable

EXPORT = "mutation ($i: ExportCustomerInput!) { exportCustomer(input: $i) { replayed dataExport { id } userErrors { code } } }"


async def export(life: Life) -> dict[str, Any]:
    payload: dict[str, Any] = (await life.ask(EXPORT, STAFF, i={"customerId": life.customer_id, "idempotencyKey": f"export {life.customer_id}"}))[
        "exportCustomer"
    ]
    return payload


async def killed(life: Life, act: Awaitable[Any], kill_point: KillPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    with killable(life, kill_point, monkeypatch):
        await kill_point.run_until_killed(act)


async def test_killed_at_every_await_erasing_has_one_effect(portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:
            await pay(life, "payInvoice", invoiceId=await create(life))
            await killed(life, erase(life), kill_point, monkeypatch)
            at = await owner.fetchrow("select erased_at, name = 'Erased customer' as is_erased from customer where id = $1", life.customer_id)
            methods = await owner.fetchval("select count(*) from payment_method where customer_id = $1 and last4 is not null", life.customer_id)
            assert (at["erased_at"] is not None) == at["is_erased"] == (methods == 0), "all or nothing"
            first, again = await erase(life), await erase(life)
            assert (first["userErrors"], again["replayed"]) == ([], True)
            assert again | {"replayed": None} == first | {"replayed": None}
            events = "select count(*) from audit_event where customer_id = $1 and event = 'eraseCustomer' and outcome = 'OK'"
            assert await owner.fetchval(events, life.customer_id) == 1
            assert await violations(owner, {life.customer_id}) == []
        if not kill_point.is_killed:
            assert turn > 30
            return
    pytest.fail("it never got through")


async def test_killed_at_every_await_a_request_makes_one_export(
    portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:
            await killed(life, export(life), kill_point, monkeypatch)
            first, again = await export(life), await export(life)
            assert (first["userErrors"], again["replayed"], again["dataExport"]) == ([], True, first["dataExport"])
            assert [row["id"] for row in await life.rows("data_export")] == [first["dataExport"]["id"]]
            await owner.execute("update data_export set status = 'FAILED', make_at = null where customer_id = $1", life.customer_id)
        if not kill_point.is_killed:
            assert turn > 8
            return
    pytest.fail("it never got through")


async def test_killed_at_every_await_another_worker_makes_the_export(
    portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    bucket = Local(tmp_path / "bucket", "", b"")
    duties = Duties(Billing(pool, {}), bucket, post(settings), printing(settings))
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:
            await pay(life, "payInvoice", invoiceId=await create(life))
            life.now = datetime.now(UTC)
            await export(life)
            await killed(life, make_exports(duties, datetime.now(UTC), done=ExportResult()), kill_point, monkeypatch)
            # The time in which a worker reports is over.
            await owner.execute("update data_export set make_at = now() - interval '1 second' where customer_id = $1 and make_at is not null", life.customer_id)
            await make_exports(duties, datetime.now(UTC), done=ExportResult())
            (row,) = await life.rows("data_export")
            assert (row["status"], row["missing"]) == ("READY", []), turn
            later = datetime.now(UTC) + timedelta(hours=2)
            await sweep(duties.system(later), bucket, now=later)
            assert [path.name for path in (tmp_path / "bucket" / "customer" / life.customer_id).iterdir()] == [row["object_key"].rpartition("/")[2]]
            assert await life.rows("loose_object") == []
        if not kill_point.is_killed:
            assert turn > 20
            return
    pytest.fail("it never got through")
