"""What one customer of an account has, and what all customers share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from billing.catalog.items import CatalogCoupon, CatalogPrice
from imports.stripe.mapping.values import Line, Thing


@dataclass(frozen=True, slots=True)
class SharedFacts:
    """The taken catalog by Stripe's ids, the percentages of tax rates, and what Stripe does not say of a customer. Times are in seconds since 1970."""

    prices: Mapping[str, CatalogPrice]
    price_things: Mapping[str, Thing]
    coupons: Mapping[str, CatalogCoupon]
    tax_rates: Mapping[str, Thing]
    currency: str
    time_zone: str
    read_at: int
    documents: frozenset[str] = frozenset()


@dataclass(slots=True)
class Bundle:
    """The objects of one customer."""

    customer: Thing
    payment_methods: list[Thing] = field(default_factory=list)
    subscriptions: list[Thing] = field(default_factory=list)
    subscription_schedules: list[Thing] = field(default_factory=list)
    invoices: list[Thing] = field(default_factory=list)
    charges: list[Thing] = field(default_factory=list)
    credit_notes: list[Thing] = field(default_factory=list)


@dataclass(slots=True)
class Lines:
    """The lines of one customer, by the kind of line."""

    customers: list[Line] = field(default_factory=list)
    payment_methods: list[Line] = field(default_factory=list)
    subscriptions: list[Line] = field(default_factory=list)
    invoices: list[Line] = field(default_factory=list)
    payments: list[Line] = field(default_factory=list)
    credits: list[Line] = field(default_factory=list)
