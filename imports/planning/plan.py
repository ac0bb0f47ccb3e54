"""The one plan of an import: dry run and import both write what it comes to."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imports.planning.customers import account_of, plan_customer
from imports.planning.drafts import Evidence, ImportCatalog, ImportPolicy, ImportState, LedgerRecord, LineAction, LineOutcome, PlanDraft
from imports.planning.invoices import plan_invoice
from imports.planning.methods import plan_method
from imports.planning.money import sums_of
from imports.planning.payments import plan_credit, plan_payment
from imports.planning.schedules import plan_schedule
from imports.planning.subscriptions import plan_subscription
from imports.reading.staging import CustomerLines, ImportLine
from imports.reasons import ImportReason, LineFault

PlanLine = Callable[[PlanDraft, ImportLine, LedgerRecord | None], LineOutcome]

Name = tuple[str, str]

PLANS: Mapping[str, PlanLine] = {
    "customers": plan_customer,
    "payment_methods": plan_method,
    "subscriptions": plan_subscription,
    "payment_schedules": plan_schedule,
    "invoices": plan_invoice,
    "payments": plan_payment,
    "credits": plan_credit,
}

# Another line has the name, so the line that counts is not skipped.
OF_OTHER_LINES = (ImportReason.DUPLICATE_ID,)


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """What becomes of the lines of a customer. `rows` are written in one transaction, by the blocks `saving.…` of their names. `is_followed`: the customer has events, so changes
    of rows that exist write theirs."""

    customer_id: str | None
    outcomes: tuple[LineOutcome, ...]
    rows: dict[str, list[dict[str, Any]]]
    is_followed: bool

    @property
    def skips(self) -> list[LineOutcome]:
        return [outcome for outcome in self.outcomes if outcome.action is LineAction.SKIP]


def plan(group: CustomerLines, state: ImportState, catalog: ImportCatalog, policy: ImportPolicy, evidence: Evidence | None = None) -> CustomerPlan:
    """Decide what becomes of the lines of a customer.

    Amounts of an invoice depend on payments, which depend on the invoice. So a plan that skips a line that others counted on is made again without that line.
    """
    faults: dict[Name, LineFault] = {}
    while True:
        draft = _drafted(group, PlanDraft(policy, catalog, state, evidence=evidence or Evidence(), skipped=dict(faults)))
        if draft.skipped.keys() == faults.keys():
            break
        faults = draft.skipped
    draft.rows["import_record"] = [row for outcome in draft.outcomes if (row := _record_row(draft, group, outcome))]
    account = draft.account
    return CustomerPlan(account.id if account else None, tuple(draft.outcomes), dict(draft.rows), bool(account and account.is_followed))


def _drafted(group: CustomerLines, draft: PlanDraft) -> PlanDraft:
    """PlanLine each line. The draft has the lines that were skipped in the plan before."""
    _find_account(draft, group)
    lines = [line for line in group.lines if line.fault is None and (line.kind.name, line.external_id) not in draft.skipped and not _is_done(draft, line)]
    draft.sums = sums_of(lines)
    draft.named = frozenset(_named(lines))
    for line in group.lines:
        outcome = _outcome(draft, line)
        draft.outcomes.append(outcome)
        if outcome.target_id is not None:
            draft.targets[line.kind.name, line.external_id] = outcome.target_id
    return draft


def _named(lines: Iterable[ImportLine]) -> Iterator[Name]:
    for line in lines:
        yield line.kind.name, line.external_id
        if line.kind.name == "payments":
            yield from (("refunds", refund["externalId"]) for refund in line.content.get("refunds", ()))


def _is_done(draft: PlanDraft, line: ImportLine) -> bool:
    """Return whether the line was imported before and is unchanged, so that its amounts are in rows that exist."""
    record = draft.state.records.get((line.kind.name, line.external_id))
    return bool(record and record.target_id)


def _find_account(draft: PlanDraft, group: CustomerLines) -> None:
    """Take the customer of the database where the files have no line of one: a line decides whether the customer is the same."""
    stored = draft.state.customers.get(group.customer)
    if stored and not stored["is_erased"] and not any(line.kind.name == "customers" for line in group.lines):
        draft.account = account_of(stored)


def _outcome(draft: PlanDraft, line: ImportLine) -> LineOutcome:
    record = draft.state.records.get((line.kind.name, line.external_id))
    try:
        if fault := line.fault or draft.skipped.get((line.kind.name, line.external_id)):
            raise fault
        if record and record.target_id and record.input_hash == line.input_hash and not _is_erased(draft, line):
            return _unchanged(draft, line, record.target_id)
        _check_names(draft, line, record)
        outcome = PLANS[line.kind.name](draft, line, record)
        draft.fresh |= _created(line) if outcome.action is LineAction.CREATE else set()
        return outcome
    except LineFault as fault:
        if fault.reason not in OF_OTHER_LINES:
            draft.skipped[line.kind.name, line.external_id] = fault
        return LineOutcome(line, LineAction.SKIP, fault=fault)


def _unchanged(draft: PlanDraft, line: ImportLine, target_id: str) -> LineOutcome:
    if line.kind.name == "customers" and (stored := draft.state.customers.get(line.external_id)):
        draft.account = account_of(stored)
    return LineOutcome(line, LineAction.UNCHANGED, target_id)


def _created(line: ImportLine) -> set[Name]:
    return {(line.kind.name, line.external_id), *(("installments", part["externalId"]) for part in line.content.get("installments", ()))}


def _is_erased(draft: PlanDraft, line: ImportLine) -> bool:
    stored = draft.state.customers.get(line.external_id) if line.kind.name == "customers" else None
    return bool(stored and stored["is_erased"])


def _check_names(draft: PlanDraft, line: ImportLine, record: LedgerRecord | None) -> None:
    """Check that the external id is free, or that of a row that this source imported for the customer. Raises LineFault."""
    if line.kind.name == "customers":
        return
    account = draft.owner()
    if record and record.owner_id and record.owner_id != account.id:
        raise LineFault(ImportReason.MOVED_CUSTOMER, "customer", f"It was imported for {record.customer}.")
    if (record is None or record.target_id is None) and (line.kind.name, line.external_id) in draft.state.used:
        raise LineFault(ImportReason.EXTERNAL_ID_TAKEN, "externalId")


def _record_row(draft: PlanDraft, group: CustomerLines, outcome: LineOutcome) -> dict[str, Any] | None:
    """Return the row of the ledger; None for a line that it has already, and for one whose external id is another line's."""
    line, fault = outcome.line, outcome.fault
    record = draft.state.records.get((line.kind.name, line.external_id))
    if fault and fault.reason in OF_OTHER_LINES:
        return None
    if outcome.action is LineAction.UNCHANGED and record and record.input_hash == line.input_hash and record.outcome == "IMPORTED":
        return None
    stands = record is not None and record.target_id is not None and fault is not None
    account = draft.account
    return {
        "source": draft.policy.source,
        "kind": line.kind.name,
        "external_id": line.external_id,
        "customer_key": group.customer,
        "owner_id": account.id if account else None,
        "target_id": outcome.target_id,
        # The hash of what was written stays, so that a line that is changed back is unchanged.
        "input_hash": record.input_hash if record and stands else line.input_hash,
        "outcome": "SKIPPED" if fault else "IMPORTED",
        "reason": fault.reason if fault else None,
        "file": draft.policy.files[line.kind.name],
        "line": line.number,
        "run_id": draft.policy.run_id,
        "written_at": draft.policy.now,
        "on_release": outcome.on_release,
    }
