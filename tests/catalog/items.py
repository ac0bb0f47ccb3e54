"""Catalogs for properties: items with few codes, so that two catalogs have some in common."""

from datetime import date

from hypothesis import strategies as st

from billing.catalog.items import Catalog, CatalogCoupon, CatalogItem, CatalogOption, CatalogPlan, CatalogPrice, catalog_of

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=("Cs", "Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Co")), min_size=1, max_size=20
)
PLANS, PRICES, COUPONS, OPTIONS = (tuple(f"{stem}-{number}" for number in range(4)) for stem in ("plan", "price", "COUPON", "option"))
# A price stays with its plan, and the terms of a coupon stay as they are: both follow from the code.
PLAN_OF = dict(zip(PRICES, (PLANS[0], PLANS[0], PLANS[1], PLANS[2]), strict=True))

plans = st.builds(
    CatalogPlan, code=st.sampled_from(PLANS), name=TEXTS, description=st.just("") | TEXTS, trial_days=st.integers(0, 730), is_archived=st.booleans()
)
prices = st.sampled_from(PRICES).flatmap(
    lambda code: st.builds(
        CatalogPrice,
        code=st.just(code),
        plan=st.just(PLAN_OF[code]),
        currency=st.sampled_from(["USD", "JPY", "KWD"]),
        unit_minor=st.integers(0, 400_000_000_000),
        billing_interval=st.sampled_from(["DAY", "WEEK", "MONTH", "YEAR"]),
        interval_count=st.integers(1, 36),
        tax_behavior=st.sampled_from(["EXCLUSIVE", "INCLUSIVE"]),
        is_archived=st.booleans(),
    )
)


def coupon_of(code: str) -> st.SearchStrategy[CatalogCoupon]:
    number = COUPONS.index(code)
    terms = {"amount_off_minor": 500 * number, "currency": "USD"} if number % 2 else {"percent_off_ppm": 125_000 + number}
    duration = {"duration": "REPEATING", "duration_periods": 3} if number > 1 else {"duration": "ONCE"}
    days = st.none() | st.dates(date(1900, 1, 1), date(2999, 12, 31))
    return st.builds(
        CatalogCoupon,
        code=st.just(code),
        name=TEXTS,
        redeem_until_on=days,
        max_redemptions=st.none() | st.integers(1, 10**9),
        is_archived=st.booleans(),
        **{name: st.just(value) for name, value in (terms | duration).items()},
    )


def option_of(position: int, kind: str) -> st.SearchStrategy[CatalogOption]:
    others = {"DOWNGRADE": {"plan": st.sampled_from(PLANS)}, "COUPON": {"coupon": st.sampled_from(COUPONS)}, "PAUSE": {}}[kind]
    return st.builds(
        CatalogOption, code=st.just(OPTIONS[position]), rank=st.just(position + 1), kind=st.just(kind), headline=TEXTS, is_archived=st.booleans(), **others
    )


options = st.tuples(st.integers(0, 3), st.sampled_from(["DOWNGRADE", "COUPON", "PAUSE"])).flatmap(lambda chosen: option_of(*chosen))


def _is_whole(catalog: Catalog) -> bool:
    """Whether everything that an item refers to is there."""
    plans = {item.code for item in catalog.values() if isinstance(item, CatalogPlan)}
    coupons = {item.code for item in catalog.values() if isinstance(item, CatalogCoupon)}
    return all(getattr(item, "plan", None) in plans | {None} and getattr(item, "coupon", None) in coupons | {None} for item in catalog.values())


def _whole(items: list[CatalogItem]) -> Catalog:
    catalog = catalog_of(items)
    known = {key[1] for key in catalog}
    return {key: item for key, item in catalog.items() if {getattr(item, "plan", None), getattr(item, "coupon", None)} <= known | {None}}


catalogs = st.lists(plans | prices | st.sampled_from(COUPONS).flatmap(coupon_of) | options, max_size=14).map(_whole).filter(_is_whole)
