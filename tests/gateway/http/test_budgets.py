"""Budgets of the process's memory."""

import pytest

from gateway.http.graphql import budgets
from gateway.http.graphql.budgets import Budgets


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def left(purse: Budgets, caller: str, cost: int) -> tuple[bool, int]:
    budget = purse.take(caller, cost)
    assert budget is not None
    return budget.is_paid, budget.available


def test_a_budget_is_spent_and_fills_up_in_a_minute(clock: Clock) -> None:
    purse = Budgets({"customer": 60}, clock=clock)
    assert left(purse, "customer:a", 50) == (True, 10)
    assert left(purse, "customer:a", 11) == (False, 10), "nothing is taken for what is refused"
    clock.seconds += 1
    assert left(purse, "customer:a", 11) == (True, 0)
    clock.seconds += 600
    assert left(purse, "customer:a", 61) == (False, 60), "never more than a minute's units are kept"


def test_an_operation_costs_at_least_one_unit(clock: Clock) -> None:
    assert left(Budgets({"customer": 60}, clock=clock), "customer:a", 0) == (True, 59)


def test_each_caller_has_a_budget_of_its_kind_and_none_pays_for_another(clock: Clock) -> None:
    purse = Budgets({"customer": 60, "staff": 100, "service": 0}, clock=clock)
    assert left(purse, "customer:a", 60) == (True, 0)
    assert left(purse, "customer:b", 1) == (True, 59)
    assert left(purse, "staff:a", 1) == (True, 99)
    assert purse.take("service:a", 1000) is None, "0 is no budget"
    assert purse.take("partner:a", 1000) is None, "counted in the database"


def test_idle_callers_are_forgotten_and_no_more_than_so_many_are_remembered(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MAX_CALLERS", 100)
    purse = Budgets({"customer": 60}, clock=clock)
    for number in range(150):
        purse.take(f"customer:{number}", 30)
    assert len(vars(purse)["_left"]) == 100
    assert left(purse, "customer:149", 30) == (True, 0), "who has called lately is remembered"
    clock.seconds += 60
    for _ in range(101):
        purse.take("customer:one", 1)
    assert list(vars(purse)["_left"]) == ["customer:one"]
