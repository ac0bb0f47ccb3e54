"""When a planned statement fails, the executor explains, and the pool stays whole."""

import asyncio
import json
from collections.abc import Callable

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from db.builtin.embedded import Urls
from gateway.cli.main import cli
from tests.conftest import ADA, Portal, customer, token
from tests.waiting import count_lock_waits, locked, until

LOST = "{ customer { subscriptions(first: 100) { nodes { plan { name } } } } }"


async def test_a_null_where_none_may_be_is_the_executors_error(portal: Portal, orphaned: str) -> None:
    failed = portal.planner.fallbacks["its statement failed"]
    assert await portal.plan(LOST, customer(orphaned)) is None
    assert portal.planner.fallbacks["its statement failed"] == failed + 1
    portal.planner.fallbacks["its statement failed"] = failed
    executed = await portal.execute(LOST, customer(orphaned))
    assert "Cannot return null for non-nullable field Subscription.plan" in executed.errors[0]["message"]


async def test_a_refused_page_takes_nothing_from_who_waits_for_the_same_rows(portal: Portal) -> None:
    """The page is null alone, and a loader's row is waited for in several places."""
    refused, whole = "customer { summary { activeSchedules } subscriptions(first: 0) { totalCount } }", "customer { summary { activeSchedules } }"
    for text in (f"{{ a: {refused} b: {whole} }}", f"{{ b: {whole} a: {refused} }}"):
        answer = await portal.execute(text)
        assert [error["path"] for error in answer.errors] == [["a", "subscriptions"]]
        assert answer.data == {"a": {"summary": {"activeSchedules": 1}, "subscriptions": None}, "b": {"summary": {"activeSchedules": 1}}}


async def test_over_http_it_is_masked_with_a_reference(post: Callable[..., object], orphaned: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = (await post(LOST, customer(orphaned))).json()
    (error, *_) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["message"].startswith("Something went wrong on our side. Reference: ")
    assert "plan_lost" not in json.dumps(answer)
    assert error["extensions"]["reference"] in caplog.text


async def test_a_canceled_statement_is_503_and_the_pool_is_whole_afterwards(start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection) -> None:
    url = start_server(urls.app, pool_size=2, acquire_seconds=5)
    headers = {"Authorization": f"Bearer {token(ADA)}"}
    body = {"query": "{ customer { name } }"}
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        async with locked(urls):
            waiting = [asyncio.create_task(client.post("/graphql", json=body, headers=headers)) for _ in range(2)]

            async def both_wait() -> bool:
                return await count_lock_waits(admin) == 2

            await until(both_wait)
            await admin.execute("select pg_cancel_backend(pid) from pg_stat_activity where usename = 'portico_app' and wait_event_type = 'Lock'")
            assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {503}
        answers = await asyncio.gather(*(client.post("/graphql", json=body, headers=headers) for _ in range(6)))
        assert {answer.status_code for answer in answers} == {200}


async def test_a_dropped_index_changes_no_answer(portal: Portal, admin: asyncpg.Connection) -> None:
    text = "{ customer { payments(first: 10) { nodes { id } } } } # without its index"
    before = await portal.plan(text)
    await admin.execute("drop index portico.payment_by_age")
    try:
        after = await portal.plan(text)
    finally:
        await admin.execute("create index payment_by_age on portico.payment (customer_id, created_at, id)")
    assert before
    assert after
    assert before.data == after.data


def test_explain_prints_the_statement_its_plan_and_what_is_left_to_python(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_DATABASE_URL", urls.admin)
    said = CliRunner().invoke(cli, ["explain", "Subscriptions"]).output
    misspelled = CliRunner().invoke(cli, ["explain", "Sumary"]).exception
    assert str(misspelled).startswith("Sumary is neither a file nor one of Account, ")
    assert str(misspelled).endswith(" Did you mean Summary?")
    assert "Did you mean" not in str(CliRunner().invoke(cli, ["explain", "xyz.graphql"]).exception)
    assert "select concat(" in said
    assert "cost=" in said
    assert "availableActions" in said
    assert "The executor answers this: customers is for staff." in CliRunner().invoke(cli, ["explain", "tests/planner/customers.graphql"]).output


def test_explain_prints_the_statements_of_what_root_fields_return(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_DATABASE_URL", urls.admin)
    paid = CliRunner().invoke(cli, ["explain", "PayInvoice"]).output
    assert paid.count("cost=") > 1
    assert "payInvoice" in paid
    assert "Statement 1 of 2, for payment, invoice, customer" in paid
    assert "column_invoice_key" in paid
    assert "The executor runs: replayed, userErrors, clientAction" in paid
    refund = CliRunner().invoke(cli, ["explain", "PreviewRefundPayment", "--staff"]).output
    assert "The executor runs: preview, userErrors" in refund
    assert "level by level: it belongs to a value of a resolver" in refund
