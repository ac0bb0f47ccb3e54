"""By levels the executor reads what it reads field by field, in few statements."""

from itertools import permutations
from typing import Any

import pytest

from db.batches import CombinedStatement, combined
from gateway.http.graphql import executor
from gateway.levels.reading import read_levels
from loaders import levels
from tests.conftest import ADA, BIG, STAFF, Portal, demo_customer
from tests.planner.test_differential import DOCUMENTS, comparable

VIEWERS = {"ada": ADA, "big": BIG, "staff": STAFF, "kenji": demo_customer("kenji@example.com")}
# Documents in which the executor reads some field by field, because it reports an error.
REFUSED = {"a refused page", "staff only"}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was read by levels, of one object after the other."""
    answers: list[dict[str, Any]] = []

    async def noted(*arguments: Any) -> dict[str, Any]:
        answers.append(await read_levels(*arguments))
        return answers[-1]

    monkeypatch.setattr(executor, "read_levels", noted)
    return answers


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_every_declared_field_can_be_read_by_levels(portal: Portal, read: list[dict[str, Any]], viewer: str) -> None:
    for name in DOCUMENTS.keys() - REFUSED:
        answer = await portal.execute(DOCUMENTS[name], VIEWERS[viewer])
        assert (await portal.execute(DOCUMENTS[name], VIEWERS[viewer], by_levels=False)).data == answer.data
        assert all(values.items() <= answer.data.items() for values in read), name
        assert all(read), name
        read.clear()


async def test_the_summary_is_three_statements(portal: Portal, documents: dict[str, str], read: list[dict[str, Any]]) -> None:
    answer, by_fields = [await portal.execute(documents["Summary"], by_levels=by_levels) for by_levels in (True, False)]
    assert answer.data == by_fields.data == read[0]
    assert answer.statements == 5  # BEGIN, what belongs to the customer or is one's figures, what belongs to that, the invoices, COMMIT
    assert by_fields.statements > 14


ERRORS = {
    "a size": "{ customer { name subscriptions(first: 0) { nodes { id } } payments(first: 1) { nodes { id } } } }",
    "a cursor": '{ customer { name payments(first: 1, after: "x") { nodes { id } } plan: subscriptions(first: 1) { nodes { plan { id } } } } }',
    "a cursor below": '{ customer { subscriptions(first: 2) { nodes { id invoices(first: 1, before: "e30") { nodes { id } } plan { name } } } } }',
    "a permission": "{ customer { name } sessions(first: 1) { nodes { id } } customers(first: 1) { nodes { name } } }",
    "a variable": "query ($first: Int = 101) { customer { payments(first: $first) { nodes { id } } } }",
}


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("name", ERRORS)
async def test_errors_are_those_of_the_fields(portal: Portal, read: list[dict[str, Any]], name: str, viewer: str) -> None:
    by_levels, by_fields = [await portal.execute(ERRORS[name], VIEWERS[viewer], by_levels=way) for way in (True, False)]
    assert by_levels.data == by_fields.data
    assert comparable(by_levels.errors) == comparable(by_fields.errors)
    assert read == [{}] or not by_levels.errors


async def test_after_a_statement_that_fails_the_fields_are_read_one_by_one(
    portal: Portal, documents: dict[str, str], read: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on a replica that has not replayed a migration."""
    by_fields = await portal.execute(documents["Summary"], by_levels=False)
    monkeypatch.setattr(levels, "combined", lambda _: CombinedStatement("select missing", ()))
    by_levels = await portal.execute(documents["Summary"])
    assert read == [{}]
    assert not by_levels.errors
    assert by_levels.data == by_fields.data
    assert "could not be read by levels" in caplog.text


async def test_documents_share_the_statement_of_a_level(portal: Portal) -> None:
    fields = ["a: invoices(first: 3) { nodes { id number } }", "b: paymentMethods(first: 2) { nodes { id } }", "c: creditNotes(first: 2) { totalCount }"]
    combined.cache_clear()
    answers = [await portal.execute(f"{{ customer {{ {' '.join(order)} }} }}", ADA) for order in permutations(fields)]
    assert combined.cache_info().currsize == 2  # the customer with the pages, the total
    assert all(answer.data == answers[0].data and answer.statements == 4 for answer in answers)


async def test_only_the_columns_that_are_needed_are_read(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []

    def noted(batches: Any) -> CombinedStatement:
        read.append([set(columns) for _, columns in batches])
        return combined(batches)

    monkeypatch.setattr(levels, "combined", noted)
    text = "{ customer { subscriptions(first: 1) { nodes { renewalAmount { amount } plan { name } } } } }"
    answer = await portal.execute(text, ADA)
    assert answer.data == (await portal.execute(text, ADA, by_levels=False)).data
    position = {"started_at", "id"}
    assert read == [[{"id", "customer_id"}, {"customer_id", "plan_id", "renewal_minor", "currency"} | position], [{"name"}]]
