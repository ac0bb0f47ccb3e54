"""Finds what time brings, and writes it down once for each occurrence: letters on what is to come, and events of what comes and has come. Also after days without a worker."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from billing.states import Actor
from db.outages import describe
from db.unit_of_work import Caller, UnitOfWork
from resolvers.reads.facts import fetch_rows

logger = logging.getLogger("portico.jobs")

BATCH = 500


@dataclass(frozen=True, slots=True)
class Coming:
    """`due` is the block that selects customers, and `add` the one that writes for one of them; both have `days` as parameters, in the customer's time zone."""

    subject: str
    due: str
    add: str
    days: Mapping[str, int]


LETTERS = Coming("letters on what is to come", "letter_causes.coming", "letter_causes.add_coming", {"trial_days": 3, "renewal_days": 14, "card_days": 30})
# `window_days`: for how many days after an occurrence its event is still written. A database that gets events for the first time, or invoices from elsewhere, has many that
# are long overdue.
EVENTS = Coming(
    "events of what time brings", "timed_events.coming", "timed_events.add", {"trial_days": 3, "renewal_days": 7, "card_days": 30, "window_days": 7}
)


@dataclass(slots=True)
class ComingResult:
    """How many customers were looked at, and how many could not be."""

    customers: int = 0
    failures: int = 0


async def note_coming(session: UnitOfWork, coming: Coming, *, done: ComingResult) -> None:
    """Write for all customers, a transaction for each. `session` is any unit of work on the database. Updates `done`. Raises DatabaseUnavailable."""
    after = ""
    while True:
        batch = await fetch_rows(session, coming.due, wanted=BATCH, after=after, **coming.days)
        await session.release()
        for customer in batch:
            await _note_one(session, customer.customer_id, coming, done)
        if len(batch) < BATCH:
            return
        after = batch[-1].customer_id


async def _note_one(session: UnitOfWork, customer_id: str, coming: Coming, done: ComingResult) -> None:
    """Write for one customer; a failure does not stop the others."""
    unit = session.for_caller(Caller(customer_id, Actor.SYSTEM, session.caller.now))
    try:
        async with unit.write() as transaction:
            await transaction.run(coming.add, **coming.days)
        done.customers += 1
    except Exception as error:  # the next pass tries again
        done.failures += 1
        logger.error("%s could not be written: %s", coming.subject, describe(error))
    finally:
        await unit.close()
