"""The contents of a customer's calendar: found by the secret of its link, and read as the customer in one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.rows.customers import CalendarLinkRow
from billing.rows.money.calendars import CalendarEntryRow, CalendarReader
from db.unit_of_work import UnitOfWork
from resolvers.reads.facts import fetch_rows

# What has ended is in the calendar for so long.
DAYS_AFTER_END = 180
# Of a customer with more, what is open and what is next to today. So many take half a second of a processor.
MAX_ENTRIES = 1_000
# `lastUsedAt` is written at most once in this time: programs read calendars many times a day.
USE_INTERVAL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CalendarContents:
    reader: CalendarReader
    entries: Sequence[CalendarEntryRow]


async def owner_of_link(session: UnitOfWork, secret_hash: str) -> str | None:
    """Return the customer whose link has the secret, and note that it was used; None for an unknown one. Raises DatabaseUnavailable."""
    async with session.write() as transaction:
        await transaction.set_rls_secret("secret", secret_hash)
        link: CalendarLinkRow | None = await transaction.first("calendar_links.by_secret", secret_hash=secret_hash)
        if link is None:
            return None
        if link.last_used_at is None or session.caller.now - link.last_used_at >= USE_INTERVAL:
            await transaction.impersonate_verified(link.customer_id)
            await transaction.run("calendar_links.use", secret_hash=secret_hash)
        return link.customer_id


async def contents_of(session: UnitOfWork, customer_id: str, secret_hash: str) -> CalendarContents | None:
    """Return the calendar of the customer as whom the session reads; None if the link has ended. Raises DatabaseUnavailable."""
    readers: list[CalendarReader] = await fetch_rows(session, "calendars.reader", customer_id=customer_id, secret_hash=secret_hash)
    if not readers:
        return None
    entries: list[CalendarEntryRow] = await fetch_rows(session, "calendars.entries", customer_id=customer_id, days_after_end=DAYS_AFTER_END, wanted=MAX_ENTRIES)
    return CalendarContents(readers[0], entries)
