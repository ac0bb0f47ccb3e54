"""The hash of a preview's outcome changes with each value of the bill and of the credit notes."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from billing.lifecycle.facts import InvoiceDraft
from billing.money.charges import Amounts, Line
from billing.money.notes import IssuedCreditNote, NoteLine
from billing.money.wording import Wording, WordingKind
from billing.periods import BillingPeriod
from resolvers.changes.previews import hash_of_outcome

PERIOD = BillingPeriod(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
WORDING = Wording(WordingKind.REMAINING_TIME, "Pro")
BILL = InvoiceDraft("RENEWAL", PERIOD, (Line("Pro", 1, 1000, Amounts(1000, 100, 90), PERIOD, 100_000, WORDING),), date(2026, 1, 15), True, 500)
NOTE = IssuedCreditNote("inv_1", "CHANGE", (NoteLine("Pro", 100, 10, PERIOD, None, "line_1", 100_000),), 20, 30, 40, "ref_1", "memo")


def changed(value: Any) -> Iterator[Any]:
    """Return copies of a value, each of which differs in one part."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from (replace(value, **{field.name: other}) for other in changed(getattr(value, field.name)))
    elif isinstance(value, tuple):
        yield from ((*value[:place], other, *value[place + 1 :]) for place, part in enumerate(value) for other in changed(part))
        yield (*value, *value)
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, date):
        yield value + timedelta(days=1)
    else:
        yield f"{value} and more"


def test_each_value_of_a_bill_and_of_a_credit_note_counts() -> None:
    outcomes = [
        {"bill": BILL, "credit": (NOTE,)},
        *({"bill": bill, "credit": (NOTE,)} for bill in changed(BILL)),
        *({"bill": BILL, "credit": (note,)} for note in changed(NOTE)),
    ]
    assert len(outcomes) > 25
    assert len({hash_of_outcome(outcome) for outcome in outcomes}) == len(outcomes)
