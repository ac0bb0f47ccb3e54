"""Who takes payments."""

from pathlib import Path

import pytest

from billing.lifecycle.service import ServiceBegins
from billing.money.dunning import Ending, RetryPolicy
from gateway.wiring.configuration.settings import Settings, WrongSetting
from gateway.wiring.payments import payments
from tests.conftest import SECRET


async def test_in_production_nobody_pays_in_play_money_by_mistake(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="PORTICO_STRIPE_SECRET_KEY"):
        payments(Settings(environment="production", secret=SECRET, data_dir=tmp_path))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, ["sandbox"]),
        ({"environment": "production", "secret": SECRET, "sandbox": True}, ["sandbox"]),
        ({"environment": "production", "secret": SECRET, "stripe_secret_key": "sk_test_1"}, ["stripe"]),
        ({"stripe_secret_key": "sk_test_1"}, ["stripe", "sandbox"]),
    ],
)
async def test_new_methods_are_added_at_the_first_processor(tmp_path: Path, chosen: dict, expected: list[str]) -> None:
    configured = payments(Settings(data_dir=tmp_path, **chosen))
    assert list(configured.processors) == expected
    await configured.close()


@pytest.mark.parametrize(
    ("chosen", "expected"), [({}, ServiceBegins.MONEY), ({"service_begins": "money"}, ServiceBegins.MONEY), ({"service_begins": "order"}, ServiceBegins.ORDER)]
)
async def test_the_setting_says_when_a_service_begins_and_the_retries_are_those_of_the_clock(tmp_path: Path, chosen: dict, expected: ServiceBegins) -> None:
    takings = payments(Settings(data_dir=tmp_path, retry_days=(2, 5), dunning_ending="CANCEL", **chosen))
    assert (takings.service_begins, takings.policy) == (expected, RetryPolicy((2, 5), Ending.CANCEL))
    await takings.close()
