"""One customer while their rows are made: who they are, what time it is there, and chance."""

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
    # The plans of which there was a trial.
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
        """Of a method or a payment at the sandbox; a card's name at its end decides what happens to charges."""
        return f"sandbox_{self.random.getrandbits(64):016x}{card and '_'}{card}"

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def today(self) -> date:
        return self.day(self.now)

    def day_ago(self, days: int) -> date:
        return self.today() - timedelta(days=days)

    def ago(self, days: float = 0, *, months: int = 0) -> datetime:
        """So many days, and before these so many months, ago."""
        local = (self.now - timedelta(days=days)).astimezone(self.zone)
        return datetime.combine(add_months(local.date(), -months), local.timetz()).astimezone(UTC)

    def not_later(self, at: datetime) -> datetime:
        return min(at, self.now)


def open_account(customer: SeedCustomer, random: Random, *, now: datetime, rows: Rows) -> DemoAccount:
    account = DemoAccount(customer, random, now, rows)
    account.add(customer)
    return account
