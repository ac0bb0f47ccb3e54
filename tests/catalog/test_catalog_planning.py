"""The one function that plans changes of the catalog, and what it refuses."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.catalog.amounts import MAX_UNIT_MINOR
from billing.catalog.items import CatalogCoupon, CatalogItem, CatalogOption, CatalogPlan, CatalogPrice, CatalogUse, ItemKind, catalog_of
from billing.catalog.planning import ChangeAction, Wanted, applied, plan, problems
from billing.money.decimals import minor_of, ppm_of
from billing.money.money import decimal_text
from tests.catalog.items import catalogs

USE = CatalogUse()
PLAN = CatalogPlan(code="team", name="Team")
PRICE = CatalogPrice(code="team-month", plan="team", currency="USD", unit_minor=900, billing_interval="MONTH")
COUPON = CatalogCoupon(code="TEN", name="Ten", percent_off_ppm=100_000, duration="ONCE")
OPTION = CatalogOption(code="stay", rank=1, kind="COUPON", headline="Stay", coupon="TEN")
STORED = catalog_of([PLAN, PRICE, COUPON, OPTION])


@given(stored=catalogs, wanted=catalogs)
def test_the_planned_changes_lead_to_the_wanted_catalog_and_archive_the_rest(stored: dict, wanted: dict) -> None:  # type: ignore[type-arg]
    after = applied(stored, plan(stored, Wanted(wanted), USE))
    assert {key: item for key, item in after.items() if key in wanted} == wanted
    assert all(item.is_archived for key, item in after.items() if key not in wanted)
    assert after.keys() == stored.keys() | wanted.keys()


@given(stored=catalogs, wanted=catalogs)
def test_after_the_changes_nothing_is_left_to_change(stored: dict, wanted: dict) -> None:  # type: ignore[type-arg]
    after = applied(stored, plan(stored, Wanted(wanted), USE))
    assert plan(after, Wanted(wanted), USE) == ()
    assert plan(after, Wanted(after), USE) == ()


@given(stored=catalogs, wanted=catalogs)
def test_every_change_has_an_effect_and_stands_after_what_it_refers_to(stored: dict, wanted: dict) -> None:  # type: ignore[type-arg]
    changes = plan(stored, Wanted(wanted), USE)
    assert all(change.differences for change in changes if change.action is not ChangeAction.CREATE)
    assert len({change.key for change in changes}) == len(changes)
    kinds = [list(ItemKind).index(change.key[0]) for change in changes]
    assert kinds == sorted(kinds)


@given(stored=catalogs, wanted=catalogs)
def test_the_catalogs_of_these_properties_are_accepted(stored: dict, wanted: dict) -> None:  # type: ignore[type-arg]
    assert problems(stored, Wanted(wanted), USE) == []


@pytest.mark.parametrize(
    ("item", "action"),
    [
        (replace(PLAN, name="Teams"), ChangeAction.CHANGE),
        (replace(PLAN, is_archived=True), ChangeAction.ARCHIVE),
        (replace(PRICE, is_archived=True), ChangeAction.ARCHIVE),
        (replace(PRICE, unit_minor=901), ChangeAction.REPLACE),
        (replace(PRICE, currency="EUR"), ChangeAction.REPLACE),
        (replace(PRICE, billing_interval="YEAR"), ChangeAction.REPLACE),
        (replace(PRICE, interval_count=3), ChangeAction.REPLACE),
        (replace(PRICE, tax_behavior="INCLUSIVE"), ChangeAction.REPLACE),
        (replace(PLAN, code="other"), ChangeAction.CREATE),
    ],
)
def test_a_price_with_other_terms_is_replaced_and_everything_else_is_changed(item: CatalogItem, action: ChangeAction) -> None:
    (change,) = plan(STORED, Wanted({**STORED, **catalog_of([item])}), USE)
    assert change.action is action


def test_subscriptions_of_earlier_versions_move_also_without_another_change() -> None:
    wanted = Wanted(STORED, frozenset({"team-month"}))
    assert plan(STORED, wanted, USE) == ()
    (change,) = plan(STORED, wanted, CatalogUse(subscriptions={(ItemKind.PRICE, "team-month"): 7}, staying=frozenset({"team-month"})))
    assert (change.action, change.is_moving, change.subscriptions) == (ChangeAction.MOVE, True, 7)


FAULTS = {
    "a code of other characters": (replace(PLAN, code="team plan"), "code", "INVALID_VALUE"),
    "a code that is too long": (replace(PLAN, code="x" * 61), "code", "INVALID_VALUE"),
    "no name": (replace(PLAN, name=" "), "name", "INVALID_VALUE"),
    "a long name": (replace(PLAN, name="x" * 201), "name", "INVALID_VALUE"),
    "a name with NUL": (replace(PLAN, name="a\0"), "name", "INVALID_VALUE"),
    "a long description": (replace(PLAN, description="x" * 2_001), "description", "INVALID_VALUE"),
    "a negative trial": (replace(PLAN, trial_days=-1), "trial_days", "INVALID_VALUE"),
    "a trial of years": (replace(PLAN, trial_days=731), "trial_days", "INVALID_VALUE"),
    "an unknown plan": (replace(PRICE, code="new", plan="nobody"), "plan", "NOT_FOUND"),
    "no plan": (replace(PRICE, code="new", plan=None), "plan", "INVALID_VALUE"),
    "another plan": (replace(PRICE, plan="other"), "plan", "WRONG_STATE"),
    "a currency without amount": (replace(PRICE, code="new", unit_minor=None), "unit_minor", "INVALID_VALUE"),
    "an amount without currency": (replace(PRICE, code="new", currency=None), "currency", "INVALID_VALUE"),
    "an unknown currency": (replace(PRICE, currency="ABC"), "currency", "INVALID_VALUE"),
    "a negative amount": (replace(PRICE, unit_minor=-1), "unit_minor", "INVALID_VALUE"),
    "an amount above 2^53": (replace(PRICE, unit_minor=2**53 + 1), "unit_minor", "INVALID_VALUE"),
    "an amount whose multiple is above 2^53": (replace(PRICE, unit_minor=MAX_UNIT_MINOR + 1), "unit_minor", "INVALID_VALUE"),
    "no interval": (replace(PRICE, code="new", billing_interval=None), "billing_interval", "INVALID_VALUE"),
    "an unknown interval": (replace(PRICE, billing_interval="CENTURY"), "billing_interval", "INVALID_VALUE"),
    "37 months": (replace(PRICE, interval_count=37), "interval_count", "INVALID_VALUE"),
    "neither percentage nor amount": (replace(COUPON, code="NEW", percent_off_ppm=None), "percent_off_ppm", "INVALID_VALUE"),
    "percentage and amount": (replace(COUPON, code="NEW", amount_off_minor=1, currency="USD"), "amount_off_minor", "INVALID_VALUE"),
    "0 percent": (replace(COUPON, code="NEW", percent_off_ppm=0), "percent_off_ppm", "INVALID_VALUE"),
    "more than 100 percent": (replace(COUPON, code="NEW", percent_off_ppm=1_000_001), "percent_off_ppm", "INVALID_VALUE"),
    "a percentage with currency": (replace(COUPON, code="NEW", currency="USD"), "currency", "INVALID_VALUE"),
    "an amount off without currency": (replace(COUPON, code="NEW", percent_off_ppm=None, amount_off_minor=1), "currency", "INVALID_VALUE"),
    "an amount off of zero": (replace(COUPON, code="NEW", percent_off_ppm=None, amount_off_minor=0, currency="USD"), "amount_off_minor", "INVALID_VALUE"),
    "no duration": (replace(COUPON, code="NEW", duration=None), "duration", "INVALID_VALUE"),
    "REPEATING without periods": (replace(COUPON, code="NEW", duration="REPEATING"), "duration_periods", "INVALID_VALUE"),
    "periods without REPEATING": (replace(COUPON, code="NEW", duration_periods=2), "duration_periods", "INVALID_VALUE"),
    "no redemption": (replace(COUPON, max_redemptions=0), "max_redemptions", "INVALID_VALUE"),
    "fewer redemptions than there were": (replace(COUPON, max_redemptions=2), "max_redemptions", "WRONG_STATE"),
    "another percentage": (replace(COUPON, percent_off_ppm=200_000), "percent_off_ppm", "WRONG_STATE"),
    "another duration": (replace(COUPON, duration="FOREVER"), "duration", "WRONG_STATE"),
    "no rank": (replace(OPTION, rank=None), "rank", "INVALID_VALUE"),
    "rank 0": (replace(OPTION, rank=0), "rank", "INVALID_VALUE"),
    "a rank twice": (CatalogOption(code="pause", rank=1, kind="PAUSE", headline="Wait"), "rank", "INVALID_VALUE"),
    "an unknown coupon": (replace(OPTION, coupon="NOTHING"), "coupon", "NOT_FOUND"),
    "a coupon on a pause": (replace(OPTION, kind="PAUSE"), "coupon", "INVALID_VALUE"),
    "a downgrade to nothing": (replace(OPTION, kind="DOWNGRADE", coupon=None), "plan", "INVALID_VALUE"),
    "no kind": (replace(OPTION, kind=None, coupon=None), "kind", "INVALID_VALUE"),
    "no headline": (replace(OPTION, headline=""), "headline", "INVALID_VALUE"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_an_item_must_not_be_is_refused_with_its_attribute(name: str) -> None:
    item, attribute, code = FAULTS[name]
    wanted = Wanted({**STORED, **catalog_of([item])})
    faults = [(problem.attribute, problem.code) for problem in problems(STORED, wanted, CatalogUse(redemptions={"TEN": 3}))]
    assert (attribute, code) in faults


def test_an_item_as_it_is_stored_is_never_refused() -> None:
    """A rule that became stricter, or a row that was written by SQL, does not prevent other changes."""
    odd = CatalogPlan(code="a plan of old", name="x" * 500)
    stored = {**STORED, **catalog_of([odd])}
    assert problems(stored, Wanted({**stored, **catalog_of([replace(PLAN, name="Teams")])}), USE) == []


def test_a_move_to_another_currency_is_refused() -> None:
    wanted = Wanted({**STORED, **catalog_of([replace(PRICE, currency="EUR")])}, frozenset({"team-month"}))
    assert [(problem.attribute, problem.code) for problem in problems(STORED, wanted, USE)] == [("existing", "CURRENCY_MISMATCH")]


@given(minor=st.integers(-(10**15), 10**15), currency=st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_amounts_are_exact_in_both_directions(minor: int, currency: str) -> None:
    assert minor_of(decimal_text(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"), [("12.9", "USD", 1290), ("12", "USD", 1200), ("5.000", "JPY", 5), ("1.2340", "KWD", 1234), (" 7 ", "USD", 700)]
)
def test_an_amount_may_have_fewer_decimals_and_zeros(text: str, currency: str, minor: int) -> None:
    assert minor_of(text, currency) == minor


@pytest.mark.parametrize("text", ["12.901", "1e3", "12,90", "", ".5", "5.", "0x10", "NaN", "Infinity", "١٢", "--1", "1" * 31])
def test_other_texts_are_no_amounts(text: str) -> None:
    with pytest.raises(ValueError, match=r"decimals?\b|decimal number"):
        minor_of(text, "USD")


def test_percentages_have_at_most_four_decimals() -> None:
    assert (ppm_of("12.5"), ppm_of("0.0001"), ppm_of("100")) == (125_000, 1, 1_000_000)
    with pytest.raises(ValueError, match=r"decimals?\b|decimal number"):
        ppm_of("0.00001")
