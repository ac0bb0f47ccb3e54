"""What the plan of a customer's lines reads, and what it comes to."""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from billing.ids import type_id
from billing.rows.contracts import CouponOffer, Offer
from imports.planning.money import MoneySums
from imports.reading.staging import ImportLine
from imports.reasons import ImportReason, LineFault


class LineAction(StrEnum):
    """What becomes of a line."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    UNCHANGED = "UNCHANGED"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class ImportCatalog:
    """The prices and coupons by their codes, and prices also by their ids."""

    prices: Mapping[str, Offer]
    by_id: Mapping[str, Offer]
    coupons: Mapping[str, CouponOffer]


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """What the ledger has of a line: the customer in the source and here, the row that was written, and the hash of its input."""

    customer: str
    owner_id: str | None
    target_id: str | None
    input_hash: str
    outcome: str


@dataclass(frozen=True, slots=True)
class CoveredInvoice:
    """An invoice and the installments that it is for, in minor units: its total and what is owed of it; the sum of their amounts and what they still ask for."""

    currency: str
    total_minor: int
    owed_minor: int
    amount_minor: int = 0
    unpaid_minor: int = 0

    def with_installment(self, amount_minor: int, unpaid_minor: int) -> "CoveredInvoice":
        return replace(self, amount_minor=self.amount_minor + amount_minor, unpaid_minor=self.unpaid_minor + unpaid_minor)


@dataclass(frozen=True, slots=True)
class ImportState:
    """What the database has of the lines of some customers: the ledger by kind and external id, customers by external id, owners of e-mail addresses, subscriptions by id with
    version, status and whether the import still holds them, what has an external id (by kind and id, with customer and id), and numbers in use."""

    records: Mapping[tuple[str, str], LedgerRecord] = field(default_factory=dict)
    customers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    addresses: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    subscriptions: Mapping[str, tuple[int, str, bool]] = field(default_factory=dict)
    used: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    invoices: Mapping[str, CoveredInvoice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportPolicy:
    """The source, the time of the import, the run, the processor that is configured, and the name of the file of each kind."""

    source: str
    now: datetime
    run_id: str
    processor: str
    files: Mapping[str, str]


@dataclass(slots=True)
class LineOutcome:
    """What becomes of a line. `notes` are what to look at in one that is imported."""

    line: ImportLine
    action: LineAction
    target_id: str | None = None
    fault: LineFault | None = None
    notes: list[ImportReason] = field(default_factory=list)
    on_release: dict[str, Any] | None = None


@dataclass(slots=True)
class ImportAccount:
    """The customer to whom the lines belong, as the other lines need it."""

    id: str
    currency: str
    time_zone: str
    tax_rate_ppm: int
    is_new: bool
    is_followed: bool = False
    has_default_method: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was looked up beside the files and the database: original PDFs by the external id of their invoice, and what the processor knows of methods by theirs. Each is the
    columns, or why it cannot be imported. A method that nobody was asked about is in neither."""

    documents: Mapping[str, dict[str, Any] | ImportReason] = field(default_factory=dict)
    methods: Mapping[str, dict[str, Any] | ImportReason] = field(default_factory=dict)


@dataclass(slots=True)
class PlanDraft:
    """The plan of one customer while it is made: the rows by the block that writes them, the ids of lines, and those that were skipped."""

    policy: ImportPolicy
    catalog: ImportCatalog
    state: ImportState
    account: ImportAccount | None = None
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    targets: dict[tuple[str, str], str] = field(default_factory=dict)
    skipped: dict[tuple[str, str], LineFault] = field(default_factory=dict)
    outcomes: list[LineOutcome] = field(default_factory=list)
    plans: set[str] = field(default_factory=set)
    trials: set[str] = field(default_factory=set)
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)
    sums: MoneySums = field(default_factory=MoneySums)
    # The ids of credit notes by their numbers, the periods that have an invoice, and ids of lines that are named before they are planned.
    notes: dict[str, str] = field(default_factory=dict)
    periods: set[tuple[str, datetime | None]] = field(default_factory=set)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    # The lines that may be named before they are planned, and the refunds of the payments among them.
    named: frozenset[tuple[str, str]] = frozenset()
    # What this plan creates.
    fresh: set[tuple[str, str]] = field(default_factory=set)
    # Invoices by their external ids, with the installments that were planned so far.
    covered: dict[str, CoveredInvoice] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)

    def new_id(self, prefix: str) -> str:
        return type_id(prefix, int(self.policy.now.timestamp() * 1000), entropy=secrets.randbits(74))

    def owner(self) -> ImportAccount:
        """Return the customer. Raises LineFault where there is none."""
        if self.account is None:
            raise LineFault(
                ImportReason.DEPENDENCY_SKIPPED if any(kind == "customers" for kind, _ in self.skipped) else ImportReason.MISSING_CUSTOMER, "customer"
            )
        return self.account

    def target(self, kind: str, external_id: str | None, name: str) -> str | None:
        """Return the id of the row that a field names. Raises LineFault."""
        if external_id is None:
            return None
        if (planned_id := self.targets.get((kind, external_id))) is not None:
            return planned_id
        if (kind, external_id) in self.skipped:
            raise LineFault(ImportReason.DEPENDENCY_SKIPPED, name, f"{kind} {external_id} was skipped.")
        owner_id = self.owner().id
        record = self.state.records.get((kind, external_id))
        if record and record.target_id and record.owner_id == owner_id:
            return record.target_id
        used = self.state.used.get((kind, external_id))
        if used and used[0] == owner_id:
            return used[1]
        raise LineFault(ImportReason.MISSING_DEPENDENCY, name, f"There is no line of {kind} {external_id} of this customer.")

    def reserved(self, kind: str, external_id: str, prefix: str) -> str:
        """Return the id of a new row, which is the same whether it is named before or planned."""
        return self.ids.setdefault((kind, external_id), self.new_id(prefix))

    def coming(self, kind: str, external_id: str | None, name: str, prefix: str) -> str | None:
        """Return the id of the row of a line that is planned later. Raises LineFault."""
        if external_id is not None and (kind, external_id) in self.named:
            return self.reserved(kind, external_id, prefix)
        return self.target(kind, external_id, name)

    def refund(self, external_id: str | None, name: str) -> str | None:
        """Return the id of a refund of a payment. Raises LineFault."""
        if external_id is None:
            return None
        if ("refunds", external_id) not in self.named:
            raise LineFault(ImportReason.MISSING_DEPENDENCY, name)
        return self.reserved("refunds", external_id, "ref")

    def payable(self, kind: str, external_id: str | None, name: str) -> str | None:
        """Return the id of what a new payment or credit is about: a new row too, because the amounts of a row that exists are not changed. Raises LineFault."""
        target_id = self.target(kind, external_id, name)
        if target_id is not None and (kind, external_id) not in self.fresh:
            raise LineFault(ImportReason.NOT_CHANGEABLE, name, f"{kind} {external_id} was imported before. Record what was paid since in the portal.")
        return target_id


def instant(content: Mapping[str, Any], name: str, zone: str) -> datetime | None:
    """Return the instant of a field; a day begins in the time zone."""
    value = content.get(name)
    return None if value is None else _instant(value, zone)


@lru_cache(maxsize=20_000)
def _instant(value: str, zone: str) -> datetime:
    if len(value) == 10:
        return datetime.combine(date.fromisoformat(value), time(), ZoneInfo(zone)).astimezone(UTC)
    return datetime.fromisoformat(value)
