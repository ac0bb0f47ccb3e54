"""The state of one customer while their rows are made: the customer, the time, and the source of random values."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from billing.ids import type_id
from billing.periods import add_months
from demo.records.rows import SeedCustomer, SeedInvoice
from demo.records.tables import Row, Rows


@dataclass(slots=True)
class DemoAccount:
    customer: SeedCustomer
    random: Random
    now: datetime
    rows: Rows
    invoices: list[SeedInvoice] = field(default_factory=list)
    # The ids of the plans that the customer has tried.
    trials: set[str] = field(default_factory=set)
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.customer.time_zone)

    def add(self, row: Row) -> Row:
        self.rows[type(row)].append(row)
        return row

    def id(self, prefix: str, at: datetime) -> str:
        return type_id(prefix, int(at.timestamp() * 1000), entropy=self.random.getrandbits(74))

    def reference(self, card: str = "") -> str:
        """Return the reference of a method or payment at the sandbox. The name of a card at its end decides the result of charges."""
        return f"sandbox_{self.random.getrandbits(64):016x}{card and '_'}{card}"

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def today(self) -> date:
        return self.day(self.now)

    def day_ago(self, days: int) -> date:
        return self.today() - timedelta(days=days)

    def ago(self, days: float = 0, *, months: int = 0) -> datetime:
        """Return the instant `months` months before the instant `days` days ago."""
        local = (self.now - timedelta(days=days)).astimezone(self.zone)
        return datetime.combine(add_months(local.date(), -months), local.timetz()).astimezone(UTC)

    def not_later(self, at: datetime) -> datetime:
        return min(at, self.now)


def open_account(customer: SeedCustomer, random: Random, *, now: datetime, rows: Rows) -> DemoAccount:
    account = DemoAccount(customer, random, now, rows)
    account.add(customer)
    return account
