"""A conflict when the processor has spoken already: its word is written all the same, and nobody pays twice."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.http.graphql.execution import run
from gateway.http.requests import GraphQLRequest
from payments.processor import ChargeResult, OutcomeUnknown, ProcessorUnavailable
from payments.sandbox import Sandbox
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.payments.test_paying import invoice, pay

BUY = "mutation M($input: AddPlanInput!) { addPlan(input: $input) { replayed userErrors { code } } }"
# A sequence is not rolled back, so each time that a charge is to be settled counts.
CREATE = """
create sequence settling;
create function conflict() returns trigger language plpgsql security definer set search_path = portico as $$
begin
  if new.settled_at is not null and nextval('settling') <= tg_argv[0]::integer then raise exception 'made by a test' using errcode = tg_argv[1]; end if;
  return new;
end $$;
"""


@pytest.fixture
async def conflicting(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    await owner.execute(CREATE)
    yield owner
    await owner.execute("drop trigger if exists conflict on charge; drop function conflict; drop sequence settling")


async def set_conflicts(owner: asyncpg.Connection, count: int, code: str) -> None:
    await owner.execute(f"create trigger conflict before update on charge for each row execute function conflict({count}, '{code}')")


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_the_processors_word_is_written_at_the_second_try(life: Life, conflicting: asyncpg.Connection, code: str) -> None:
    await set_conflicts(conflicting, 1, code)
    assert (await life.do("addPlan", priceId=price("storage")))["userErrors"] == []
    assert await conflicting.fetchval("select last_value from settling") == 2
    assert len(await life.rows("subscription")) == life.sandbox.calls("capture") == 1
    await assert_books(life)


async def test_after_two_conflicts_the_client_comes_back_with_its_key_and_pays_once(life: Life, conflicting: asyncpg.Connection) -> None:
    await set_conflicts(conflicting, 2, "40P01")
    arguments = {"priceId": price("storage"), "idempotencyKey": "the one"}
    context, document = life.context(), life.documents.prepare(BUY)
    result = await run(life.schema, document, GraphQLRequest(BUY, {"input": arguments}, None, False), context)
    await context.session.close()
    assert result.data == {"addPlan": None}
    assert await life.rows("charge", "and settled_at is not null") == []
    await conflicting.execute("update idempotency_key set lease_until = '-infinity' where customer_id = $1", life.customer_id)
    assert (await life.do("addPlan", **arguments))["userErrors"] == []
    assert len(await life.rows("subscription")) == life.sandbox.calls("capture") == 1
    await assert_books(life)


class Silent(Sandbox):
    """Answers no question about what became of a charge."""

    def __init__(self, before: Sandbox, problem: type[Exception]) -> None:
        super().__init__("secret", before._ledger)
        self._problem = problem

    async def confirm(self, processor_reference: str) -> ChargeResult:
        raise self._problem


@pytest.mark.parametrize("problem", [OutcomeUnknown, ProcessorUnavailable])
async def test_a_processor_that_does_not_answer_a_confirmation_is_no_bug(life: Life, problem: type[Exception], caplog: pytest.LogCaptureFixture) -> None:
    await life.card("requires_action")
    owed = await invoice(life, 9_000)
    payment = (await pay(life, "payInvoice", invoiceId=owed))["payment"]["id"]
    before, answering = await life.everything(), life.sandbox
    life.sandbox = Silent(answering, problem)
    text = "mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } userErrors { code } } }"
    refused = await life.ask(text, i={"paymentId": payment})
    assert [error["code"] for error in refused["confirmPayment"]["userErrors"]] == ["PAYMENT_UNAVAILABLE"]
    assert await life.everything() == before
    assert [vars(record)["cause"] for record in caplog.records if record.name == "portico.payments"] == [problem.__name__]
    life.sandbox = answering
    confirmed = await life.ask(text, i={"paymentId": payment})
    assert confirmed["confirmPayment"] == {"payment": {"status": "SUCCEEDED"}, "userErrors": []}
