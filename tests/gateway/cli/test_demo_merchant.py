"""The demo's statements and new invoices name the merchant that its data has, unless the operator has set another."""

import pytest

from demo.records.issued import SHOP
from gateway.cli.commands.preparing import with_demo_merchant
from gateway.wiring.configuration.settings import load


def test_the_demo_has_a_merchant_with_an_address() -> None:
    settings = with_demo_merchant(load())
    assert settings.issuer == SHOP


@pytest.mark.parametrize("name", ["MERCHANT", "MERCHANT_ADDRESS", "MERCHANT_TAX_IDS", "MERCHANT_FOOTER"])
def test_a_merchant_that_the_operator_sets_is_not_mixed_with_the_demos(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"PORTICO_{name}", "Own")
    settings = load()
    assert with_demo_merchant(settings) is settings
