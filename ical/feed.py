"""The calendar of a customer as text: an event of a whole day for each entry. The same rows give the same bytes, so that their hash is the ETag."""

from collections.abc import Iterable
from datetime import UTC, timedelta

from icalendar import Calendar, Event

from billing.rows.money.calendars import CalendarEntryRow
from ical.words import CalendarWriter

PRODUCT = "-//Portico//Payments//EN"
# How often programs should read it again. Most have intervals of their own.
REFRESH = timedelta(hours=6)
PAGES = {"INVOICE": "invoices", "INSTALLMENT": "schedules", "RENEWAL": "subscriptions"}


def calendar_text(entries: Iterable[CalendarEntryRow], writer: CalendarWriter, portal_url: str | None) -> bytes:
    """Return the calendar, in the order of the days. `portal_url` is the URL of the pages to which the events lead, if there are any."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    # The name and the interval in RFC 7986, and as programs had them before.
    calendar.add("name", writer.title)
    calendar.add("x-wr-calname", writer.title)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{REFRESH // timedelta(hours=1)}H")
    for entry in sorted(entries, key=lambda each: (each.starts_on, each.id)):
        calendar.add_component(_event(entry, writer, portal_url))
    content: bytes = calendar.to_ical()
    return content


def _event(entry: CalendarEntryRow, writer: CalendarWriter, portal_url: str | None) -> Event:
    """Return the event of a day. Without METHOD, DTSTAMP is when the information was last revised (RFC 5545 §3.8.7.2)."""
    changed_at = entry.changed_at.astimezone(UTC)
    summary, description = writer.texts(entry)
    event = Event()
    event.add("uid", entry.id)
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_on)
    event.add("dtend", entry.starts_on + timedelta(days=1))
    event.add("summary", summary)
    event.add("description", description)
    event.add("status", "CANCELLED" if entry.state == "CANCELED" else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if portal_url:
        event.add("url", f"{portal_url}/{PAGES[entry.kind]}/{entry.page_id}")
    return event
