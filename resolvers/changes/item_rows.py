"""The rows of invoices, installments and schedules that a payment changes together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from billing.money.allocation import AllocationPart
from resolvers.changes.saving import Changes
from resolvers.changes.writing import WriteContext


def collected_rows(charged: Sequence[AllocationPart], credited: Sequence[AllocationPart], schedule_of: Mapping[str, str], *, by: WriteContext) -> Changes:
    """Return the changes of a successful payment. `schedule_of` maps each installment to its schedule."""
    paid_of, credit_of = sums(charged, "invoice_id"), sums(credited, "invoice_id")
    installments = sums([*charged, *credited], "installment_id")
    schedules: Counter[str] = Counter()
    for installment_id, minor in installments.items():
        schedules[schedule_of[installment_id]] += minor
    return {
        "collected": [{"id": one, "paid_minor": paid_of[one], "credited_minor": credit_of[one], "paid_at": by.now} for one in sorted({*paid_of, *credit_of})],
        "collected_installment": [{"id": one, "paid_minor": minor} for one, minor in installments.items()],
        "collected_schedule": [{"id": one, "paid_minor": minor} for one, minor in schedules.items()],
    }


def attempted_rows(parts: Iterable[AllocationPart]) -> Changes:
    """Return the changes that hold while the processor decides."""
    items = list(parts)
    return {
        "attempted": [{"id": one} for one in sorted(sums(items, "invoice_id"))],
        "attempted_installment": [{"id": one} for one in sorted(sums(items, "installment_id"))],
    }


def uncollected_rows(parts: Iterable[AllocationPart]) -> Changes:
    """Return the changes that restore the state before the payment. The billing clock retries at the time it would have retried without it."""
    attempted = attempted_rows(parts)
    return {"uncollected": attempted["attempted"], "uncollected_installment": attempted["attempted_installment"]}


def sums(parts: Iterable[AllocationPart], key: str) -> Counter[str]:
    """Return the sum of the parts of each invoice, or of each installment."""
    minor_of: Counter[str] = Counter()
    for part in parts:
        if (identifier := getattr(part, key)) is not None:
            minor_of[identifier] += part.amount_minor
    return minor_of
