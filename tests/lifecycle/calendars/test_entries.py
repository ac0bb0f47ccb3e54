"""What is in a calendar: each kind of entry, its day in the customer's zone, and what becomes of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from icalendar import Event

from db.builtin import embedded
from db.pool import Database
from ical.feed import PAGES
from resolvers.reads import calendars
from tests.conftest import Portal
from tests.lifecycle.calendars.conftest import Feed, events_of
from tests.lifecycle.conftest import living
from tests.lifecycle.invoicing.staff import done, line, usd
from tests.lifecycle.schedules import agreeing


def words(event: Event) -> tuple[date, str, str]:
    return event.start, event["STATUS"], event["SUMMARY"]


async def issue(feed: Feed, amount: str = "100.00") -> dict[str, Any]:
    payload = await done(feed.life, "createInvoice", customerId=feed.life.customer_id, lines=[line(amount)])
    invoice: dict[str, Any] = payload["invoice"]
    return invoice


async def test_an_invoice_is_due_then_paid(feed: Feed) -> None:
    invoice, url = await issue(feed), await feed.link()
    due_on = date.fromisoformat(invoice["dueOn"])
    before = (await feed.events(url))[invoice["id"]]
    assert words(before) == (due_on, "CONFIRMED", f"Invoice {invoice['number']}: $100.00")
    assert (before.end - before.start, before["TRANSP"], before["DTSTART"].params["VALUE"]) == (timedelta(days=1), "TRANSPARENT", "DATE")
    assert before["URL"] == f"{str(feed.http.base_url).rstrip('/')}/invoices/{invoice['id']}"
    assert before["DESCRIPTION"] == "$100.00 is to be paid to Portico by this day."
    feed.life.now += timedelta(days=1)
    await done(feed.life, "recordPayment", invoiceId=invoice["id"], amount=usd("40.00"), kind="CASH")
    assert words((await feed.events(url))[invoice["id"]]) == (due_on, "CONFIRMED", f"Invoice {invoice['number']}: $60.00")
    await done(feed.life, "recordPayment", invoiceId=invoice["id"], amount=usd("60.00"), kind="CASH")
    after = (await feed.events(url))[invoice["id"]]
    assert words(after) == (due_on, "CONFIRMED", f"Invoice {invoice['number']}: $100.00 (paid)")
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt
    assert after["DTSTAMP"].dt == after["LAST-MODIFIED"].dt


@pytest.mark.parametrize("mutation", ["voidInvoice", "writeOffInvoice", "creditInvoice"])
async def test_an_invoice_that_is_not_to_be_paid_any_more_is_canceled(feed: Feed, mutation: str) -> None:
    invoice, other, url = await issue(feed), await issue(feed, "7.00"), await feed.link()
    before = await feed.events(url)
    reason: dict[str, Any] = {"reason": "CORRECTION", "amount": usd("100.00")} if mutation == "creditInvoice" else {}
    await done(feed.life, mutation, invoiceId=invoice["id"], **reason)
    after = await feed.events(url)
    assert words(after[invoice["id"]]) == (before[invoice["id"]].start, "CANCELLED", f"Invoice {invoice['number']} (canceled)")
    assert after[invoice["id"]]["SEQUENCE"] > before[invoice["id"]]["SEQUENCE"]
    assert words(after[other["id"]]) == words(before[other["id"]])


async def test_installments_are_there_and_not_their_invoices(feed: Feed) -> None:
    life = feed.life
    created = await agreeing.create(life, "30.00", "20.00", invoicing="PER_INSTALLMENT")
    first, second = created.installments
    url = await feed.link()
    events = await feed.events(url)
    assert events.keys() == {first["id"], second["id"]}, "money is there once"
    assert first["invoice"]
    assert words(events[first["id"]]) == (date.fromisoformat(first["dueOn"]), "CONFIRMED", f"Kitchen: {first['name']}: $30.00")
    assert events[first["id"]]["URL"].endswith(f"/schedules/{created.schedule['id']}")
    await done(life, "recordPayment", installmentId=first["id"], amount=usd("30.00"), kind="CASH")
    canceled = await agreeing.call(life, "cancelPaymentSchedule", paymentScheduleId=created.schedule["id"])
    assert canceled.schedule["status"] in ("CANCELED", "FINISHED")
    after = await feed.events(url)
    assert words(after[first["id"]])[1:] == ("CONFIRMED", f"Kitchen: {first['name']}: $30.00 (paid)")
    assert words(after[second["id"]])[1:] == ("CANCELLED", f"Kitchen: {second['name']} (canceled)")
    assert after[second["id"]]["SEQUENCE"] > events[second["id"]]["SEQUENCE"]


async def test_a_renewal_moves_and_is_canceled(feed: Feed) -> None:
    life = feed.life
    subscription = await life.subscribe()
    url = await feed.link()
    first = (await feed.events(url))[subscription]
    assert words(first) == (date(2027, 2, 28), "CONFIRMED", "Renewal of Business: $107.02")
    await life.advance(subscription, days=28, hours=1)
    second = (await feed.events(url))[subscription]
    assert words(second) == (date(2027, 3, 31), "CONFIRMED", "Renewal of Business: $107.02")
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert (await life.do("cancelSubscription", subscriptionId=subscription, when="PERIOD_END"))["userErrors"] == []
    third = (await feed.events(url))[subscription]
    assert words(third) == (date(2027, 3, 31), "CANCELLED", "Renewal of Business (canceled)")
    assert third["SEQUENCE"] > second["SEQUENCE"]
    assert (await life.do("resumeSubscription", subscriptionId=subscription))["userErrors"] == []
    assert words((await feed.events(url))[subscription])[1] == "CONFIRMED"


async def test_a_paused_subscription_renews_when_it_continues(feed: Feed) -> None:
    life = feed.life
    forever, until = await life.subscribe(), await life.subscribe("starter")
    url = await feed.link()
    for subscription, resumes_at in ((forever, None), (until, "2027-04-05T12:00:00Z")):
        paused = await life.do("pauseSubscription", subscriptionId=subscription, when="NOW", resumesAt=resumes_at)
        assert paused["userErrors"] == [], paused
    events = await feed.events(url)
    assert words(events[forever])[:2] == (date(2027, 2, 28), "CANCELLED")
    assert words(events[until])[:2] == (date(2027, 4, 5), "CONFIRMED")


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Pacific/Kiritimati", date(2027, 3, 1)), ("America/Los_Angeles", date(2027, 2, 28)), ("Pacific/Pago_Pago", date(2027, 2, 27))],
)
async def test_a_renewal_is_on_the_day_of_the_customers_zone(feed: Feed, zone: str, day: date) -> None:
    life = feed.life
    subscription = await life.subscribe()
    url = await feed.link()
    before = (await feed.events(url))[subscription]
    await life.admin.execute("update subscription set renews_at = '2027-02-28T10:15:00Z', version = version where id = $1", subscription)
    changed = await life.ask("mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { userErrors { code } } }", i={"timeZone": zone})
    assert changed["updateProfile"]["userErrors"] == []
    after = (await feed.events(url))[subscription]
    assert (after.start, after.end) == (day, day + timedelta(days=1))
    assert after["SEQUENCE"] > before["SEQUENCE"], "the day may be another one"


async def test_what_has_ended_stays_for_half_a_year_and_what_is_open_stays(feed: Feed) -> None:
    life = feed.life
    paid, still_open, url = await issue(feed), await issue(feed), await feed.link()
    await done(life, "voidInvoice", invoiceId=paid["id"])
    for days, is_there in ((179, True), (181, False)):
        async with life.admin.transaction():
            await life.admin.execute("set local app.events = 'off'")
            await life.admin.execute("update invoice set due_on = current_date - $2::integer where customer_id = $1", life.customer_id, days)
            await life.admin.execute("delete from event where customer_id = $1", life.customer_id)
        events = await feed.events(url)
        assert (paid["id"] in events, still_open["id"] in events) == (is_there, True), days


async def test_a_subscription_that_ended_long_ago_is_not_there(feed: Feed) -> None:
    life = feed.life
    ended, running = await life.subscribe(), await life.subscribe("starter")
    url = await feed.link()
    assert (await life.do("cancelSubscription", subscriptionId=ended, when="NOW"))["userErrors"] == []
    assert words((await feed.events(url))[ended])[1] == "CANCELLED"
    async with life.admin.transaction():
        await life.admin.execute("set local app.events = 'off'")
        await life.admin.execute(
            """update subscription set canceled_at = now() - interval '182 days', started_at = now() - interval '300 days', period_starts_at = now() - interval '200 days',
                      period_ends_at = now() - interval '182 days' where id = $1""",
            ended,
        )
        await life.admin.execute("delete from event where customer_id = $1", life.customer_id)
    events = await feed.events(url)
    assert (ended in events, running in events) == (False, True)


async def test_another_customers_entries_are_not_there(feed: Feed, portal: Portal, pool: Database, place: embedded.Urls) -> None:
    mine, url = await issue(feed), await feed.link()
    async with living(portal, pool, feed.life.admin) as other:
        neighbour = Feed(feed.http, other)
        theirs, their_url = await issue(neighbour), await neighbour.link()
        assert (await feed.events(url)).keys() == {mine["id"]}
        assert (await feed.events(their_url)).keys() == {theirs["id"]}


@pytest.mark.parametrize(
    ("locale", "summary", "description"),
    [
        ("en", "Invoice {}: $1,234.50", "$1,234.50 is to be paid to Portico by this day."),
        ("de", "Rechnung {}: 1.234,50 $", "Bis zu diesem Tag sind 1.234,50 $ an Portico zu zahlen."),
        ("fr", "Facture {} : 1 234,50 $US", "1 234,50 $US à payer à Portico au plus tard ce jour."),
        ("es-MX", "Factura {}: USD1,234.50", "A más tardar este día hay que pagar USD1,234.50 a Portico."),
        ("ja", "Invoice {}: $1,234.50", "$1,234.50 is to be paid to Portico by this day."),
    ],
)
async def test_texts_and_amounts_are_in_the_customers_language(feed: Feed, locale: str, summary: str, description: str) -> None:
    await feed.life.admin.execute("update customer set locale = $2 where id = $1", feed.life.customer_id, locale)
    invoice = await issue(feed, "1234.50")
    event = (await feed.events(await feed.link()))[invoice["id"]]
    spaces = str.maketrans("\u00a0\u202f", "  ")
    assert event["SUMMARY"].translate(spaces) == summary.format(invoice["number"])
    assert event["DESCRIPTION"].translate(spaces) == description


HOSTILE = (
    "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:injected",
    'semi;colon,comma\\back\\nslash:"quote" =equal',
    "wide " + "ä漢🎉" * 40,
    "right \u202eto left\u202c, zero\x0b\x0c\x1b bytes",
)


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_stay_text(feed: Feed, name: str) -> None:
    life = feed.life
    created = await agreeing.create(life, "30.00", "20.00", invoicing="NONE")
    await life.admin.execute("update payment_schedule set name = $2 where customer_id = $1", life.customer_id, name)
    await life.admin.execute("update installment set name = $2 where customer_id = $1", life.customer_id, name)
    content = (await feed.get(await feed.link())).content
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 75
    for line_ in lines:
        line_.decode()  # no character is cut by a fold
    assert len(name) < 40 or any(line_.startswith(b" ") for line_ in lines), "long lines are folded"
    events = events_of(content)
    assert events.keys() == {each["id"] for each in created.installments}
    visible = one_line(name)
    assert {str(event["SUMMARY"]) for event in events.values()} == {f"{visible}: {visible}: $30.00", f"{visible}: {visible}: $20.00"}


def one_line(name: str) -> str:
    """Return a name on one line, without characters that are not seen."""
    return " ".join("".join(" " if each in "\r\n\x0b\x0c" else each for each in name if each not in "\u202e\u202c\x1b").split())


async def test_of_more_entries_than_fit_those_that_are_open_are_there(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    life = feed.life
    canceled, first, second = [await issue(feed) for _ in range(3)]
    await done(life, "voidInvoice", invoiceId=canceled["id"])
    url = await feed.link()
    monkeypatch.setattr(calendars, "MAX_ENTRIES", 2)
    assert (await feed.events(url)).keys() == {first["id"], second["id"]}


async def test_every_language_has_every_text() -> None:
    from ical.words import LANGUAGES, phrases

    english = phrases("en")
    languages = sorted(file.stem for file in LANGUAGES.glob("*.toml"))
    assert languages == ["ar", "de", "en", "es", "fr"]
    for language in languages:
        texts = phrases(language)
        assert texts.keys() == english.keys()
        for name, text in texts.items():
            assert placeholders(text) == placeholders(english[name]), (language, name)
    assert {name for name in english if name in PAGES} == PAGES.keys()


def placeholders(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}
