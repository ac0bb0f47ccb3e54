"""Writes what time brings as events: invoices and installments become due and overdue, trials end, subscriptions renew, cards expire. Each is written once."""

from dataclasses import dataclass

from billing.states import Actor
from db.outages import describe
from db.unit_of_work import Caller, UnitOfWork
from jobs.composing import logger
from resolvers.reads.facts import fetch_rows

BATCH = 500
# How many days before it, and how many days after it came it is no longer told, in the customer's time zone: a database that gets events for the first time,
# or invoices from elsewhere, has many that are long overdue.
DAYS = {"trial_days": 3, "renewal_days": 7, "card_days": 30, "window_days": 7}


@dataclass(slots=True)
class TimedResult:
    """How many customers were looked at, and how many could not be."""

    customers: int = 0
    failures: int = 0


async def write_timed(session: UnitOfWork, *, done: TimedResult) -> None:
    """Write the events of all customers, a transaction for each. `session` is any unit of work on the database. Updates `done`. Raises DatabaseUnavailable."""
    after = ""
    while True:
        batch = await fetch_rows(session, "timed_events.coming", wanted=BATCH, after=after, **DAYS)
        await session.release()
        for customer in batch:
            await _write_one(session, customer.customer_id, done)
        if len(batch) < BATCH:
            return
        after = batch[-1].customer_id


async def _write_one(session: UnitOfWork, customer_id: str, done: TimedResult) -> None:
    """Write one customer's events; a failure does not stop the others."""
    unit = session.for_caller(Caller(customer_id, Actor.SYSTEM, session.caller.now))
    try:
        async with unit.write() as transaction:
            await transaction.run("timed_events.add", **DAYS)
        done.customers += 1
    except Exception as error:  # the next pass tries again
        done.failures += 1
        logger.error("the events that time brings could not be written: %s", describe(error))
    finally:
        await unit.close()
