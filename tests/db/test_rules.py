"""Rules that the database itself holds, whoever writes."""

import re

import asyncpg
import pytest

from db.builtin.embedded import Urls
from tests.conftest import ADA


@pytest.fixture
async def owner(urls: Urls):
    """A transaction that may write everything and is rolled back."""
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


BROKEN = {
    "a second default method": "update payment_method set is_default = true where customer_id = $1",
    "a deleted default method": "update payment_method set deleted_at = now() where customer_id = $1 and is_default",
    "more paid than the total": "update invoice set paid_minor = total_minor + 1 where customer_id = $1",
    "a total that is not its parts": "update invoice set tax_minor = tax_minor + 1 where customer_id = $1",
    "a period that ends before it starts": "update subscription set period_ends_at = period_starts_at where customer_id = $1",
    "half a pending change": "update subscription set pending_kind = 'CANCEL', pending_at = null where customer_id = $1",
    "a plan change without a plan": "update subscription set pending_kind = 'PLAN', pending_at = now(), pending_price_id = null where customer_id = $1",
    "a pause that resumes before it begins": "update subscription set pending_kind = 'PAUSE', pending_at = now(), pending_resumes_at = now() where customer_id = $1",
    "a hold that nobody has": "update subscription set status = 'SUSPENDED', suspended_by = null where customer_id = $1",
    "an end without a time": "update subscription set status = 'CANCELED', canceled_at = null where customer_id = $1",
    "a renewal of what is paused": "update subscription set status = 'PAUSED', renews_at = now(), suspended_by = null, canceled_at = null where customer_id = $1",
    "a price of another currency": "update subscription set currency = 'JPY' where customer_id = $1",
    "no units": "update subscription set quantity = 0 where customer_id = $1",
    "more refunded than paid": "update payment set refunded_minor = amount_minor + 1 where customer_id = $1",
    "a success that never settled": "update payment set status = 'SUCCEEDED', settled_at = null, decline_code = null where customer_id = $1",
    "an attachment of two things": "update attachment set invoice_id = coalesce(invoice_id, 'inv_x'), schedule_id = coalesce(schedule_id, 'sch_x') where customer_id = $1",
    "an attachment over ten megabytes": "update attachment set size_bytes = 10485761 where customer_id = $1",
    "an allocation in another currency": "update payment_allocation set currency = 'JPY' where customer_id = $1",
    "an id of another kind": "update payment set id = 'inv_' || id where customer_id = $1",
    "an invoice deleted under its attachment": "delete from invoice i where customer_id = $1 and exists (select from attachment a where a.invoice_id = i.id)",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_the_database_refuses(owner: asyncpg.Connection, broken: str) -> None:
    table, where = re.search(r"(?:update|delete from) (\w+).*?(where .*)", broken).groups()
    assert await owner.fetchval(f"select count(*) from {table} i {where.replace('and is_default', '')}", ADA.customer_id), "nothing to break"
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await owner.execute(broken, ADA.customer_id)


async def test_a_schedule_that_is_not_the_sum_of_its_installments_is_refused_at_commit(owner: asyncpg.Connection) -> None:
    await owner.execute("update payment_schedule set total_minor = total_minor + 1, status = 'ACTIVE' where customer_id = $1", ADA.customer_id)
    with pytest.raises(asyncpg.CheckViolationError, match="sum of its installments"):
        await owner.execute("set constraints all immediate")


async def test_a_period_is_invoiced_once(owner: asyncpg.Connection) -> None:
    columns = [
        record[0]
        for record in await owner.fetch(
            "select attname from pg_attribute where attrelid = 'invoice'::regclass and attnum > 0 and attgenerated = '' and attname not in ('id', 'number')"
        )
    ]
    listed = ", ".join(columns)
    with pytest.raises(asyncpg.UniqueViolationError, match="invoice_per_period"):
        await owner.execute(
            f"insert into invoice (id, number, {listed}) select 'inv_again', 'again', {listed} from invoice where customer_id = $1 and reason = 'RENEWAL' limit 1",
            ADA.customer_id,
        )
