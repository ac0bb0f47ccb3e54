"""Finds what is to come and causes a letter: the end of a trial, the renewal of a yearly plan, the end of a card. Each causes one, also after days without a worker."""

from dataclasses import dataclass

from billing.states import Actor
from db.outages import describe
from db.unit_of_work import Caller, UnitOfWork
from jobs.composing import logger
from resolvers.reads.facts import fetch_rows

BATCH = 500
# How many days before it, in the customer's time zone.
DAYS_BEFORE = {"trial_days": 3, "renewal_days": 14, "card_days": 30}


@dataclass(slots=True)
class ComingResult:
    """How many customers were looked at, and how many could not be."""

    customers: int = 0
    failures: int = 0


async def note_coming(session: UnitOfWork, *, done: ComingResult) -> None:
    """Write the causes of letters for all customers, a transaction for each. `session` is any unit of work on the database. Updates `done`. Raises DatabaseUnavailable."""
    after = ""
    while True:
        batch = await fetch_rows(session, "letter_causes.coming", wanted=BATCH, after=after, **DAYS_BEFORE)
        await session.release()
        for customer in batch:
            await _note_one(session, customer.customer_id, done)
        if len(batch) < BATCH:
            return
        after = batch[-1].customer_id


async def _note_one(session: UnitOfWork, customer_id: str, done: ComingResult) -> None:
    """Write one customer's causes; a failure does not stop the others."""
    unit = session.for_caller(Caller(customer_id, Actor.SYSTEM, session.caller.now))
    try:
        async with unit.write() as transaction:
            await transaction.run("letter_causes.add_coming", **DAYS_BEFORE)
        done.customers += 1
    except Exception as error:  # the next pass tries again
        done.failures += 1
        logger.error("what is to come could not be noted: %s", describe(error))
    finally:
        await unit.close()
