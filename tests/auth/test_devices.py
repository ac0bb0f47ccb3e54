"""A device value holds for one account, for a year, and nothing else does."""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.devices import LIFETIME, Devices
from auth.throttle import BUDGETS, Kind, account_of, familiar_of, network_of

NOW = datetime(2026, 11, 28, 12, 30, 15, 123456, tzinfo=UTC)
ADA = "ada@example.com"
BOB = "bob@example.com"
DEVICES = Devices("a secret of the portal that is long enough")
VALUE = DEVICES.issue(ADA, now=NOW)


def test_a_value_says_when_it_was_issued_to_the_microsecond_and_holds_for_a_year() -> None:
    device = DEVICES.read(VALUE, ADA, now=NOW)
    assert device is not None
    assert device.issued_at == NOW
    assert DEVICES.read(VALUE, ADA, now=NOW + LIFETIME - timedelta(microseconds=1)) == device
    assert DEVICES.read(VALUE, ADA, now=NOW + LIFETIME) is None


def test_a_renewed_value_is_the_same_device_and_another_one_is_not() -> None:
    device = DEVICES.read(VALUE, ADA, now=NOW)
    assert device is not None
    later = NOW + timedelta(days=300)
    renewed = DEVICES.read(DEVICES.issue(ADA, now=later, known=device), ADA, now=later + timedelta(days=300))
    assert renewed is not None
    assert renewed.identity == device.identity
    assert renewed.issued_at == later
    another = DEVICES.read(DEVICES.issue(ADA, now=NOW), ADA, now=NOW)
    assert another is not None
    assert another.identity != device.identity


def test_a_value_holds_for_its_account_and_its_portal_alone() -> None:
    assert DEVICES.read(VALUE, BOB, now=NOW) is None
    assert Devices("another secret that is as long as that").read(VALUE, ADA, now=NOW) is None
    assert Devices("a secret of the portal that is long enough").read(VALUE, ADA, now=NOW) is not None


def test_addresses_that_a_reader_takes_for_one_are_two_accounts() -> None:
    """A mail server may know both; budgets are per account."""
    value = DEVICES.issue("straße@example.com", now=NOW)
    assert DEVICES.read(value, "straße@example.com", now=NOW) is not None
    assert DEVICES.read(value, "strasse@example.com", now=NOW) is None


def test_a_value_tells_nobody_whose_it_is() -> None:
    assert not any(word in urlsafe_b64decode(VALUE + "=") for word in (b"ada", b"example", b"account"))


@given(st.integers(0, 55), st.integers(1, 255))
def test_a_value_with_another_byte_does_not_hold(place: int, difference: int) -> None:
    from base64 import urlsafe_b64encode

    value = bytearray(urlsafe_b64decode(VALUE + "="))
    value[place] ^= difference
    assert DEVICES.read(urlsafe_b64encode(value).rstrip(b"=").decode(), ADA, now=NOW) is None


@given(st.text() | st.text(alphabet="ABCabc019-_=", min_size=75, max_size=75))
def test_whatever_is_presented_is_read_or_is_nothing(value: str) -> None:
    assert DEVICES.read(value, ADA, now=NOW) is None


@pytest.mark.parametrize("value", [None, "", VALUE[:-1], VALUE + "A", VALUE + "=", "\ud800" * 75, "\0" * 75, "\u0661" * 75], ids=range(8))
def test_what_is_no_value_is_nothing(value: str | None) -> None:
    assert DEVICES.read(value, ADA, now=NOW) is None


def test_an_account_may_have_any_name() -> None:
    for name in ("", "\ud800", "a" * 100_000):
        account = account_of(name)
        assert DEVICES.read(DEVICES.issue(account, now=NOW), account, now=NOW) is not None


def test_devices_and_familiar_networks_have_budgets_of_their_own() -> None:
    device = DEVICES.read(VALUE, ADA, now=NOW)
    assert device is not None
    familiar = familiar_of(ADA, network_of("203.0.113.7"))
    for identity in (device.identity, familiar):
        assert set(BUDGETS[Kind.SIGN_IN]) & {identity.partition(":")[0]}
    assert len({ADA, network_of("203.0.113.7"), device.identity, familiar}) == 4
