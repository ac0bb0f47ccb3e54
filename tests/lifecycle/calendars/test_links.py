"""The link of a calendar: who makes, sees and revokes it, what ends it, and how its URL is answered."""

import logging
from secrets import token_urlsafe
from typing import Any

import asyncpg
import httpx
import pytest

from auth.secret import hash_of
from auth.throttle import BUDGETS, Kind
from auth.viewer import Viewer
from billing.states import Actor
from db.builtin import embedded
from gateway.routes.calendars import READS_PER_MINUTE
from tests.conftest import STAFF, Portal
from tests.lifecycle.calendars.conftest import CREATE, LINK, REVOKE, Feed
from tests.logs import logging_as_before
from tests.servers.throttling import assert_throttled

ERASE = "mutation ($input: EraseCustomerInput!) { eraseCustomer(input: $input) { customer { id } userErrors { code } } }"
CLOSE = "mutation ($input: CloseCustomerInput!) { closeCustomer(input: $input) { customer { id } userErrors { code } } }"
READER = Viewer(Actor.STAFF, None, ("read",), "reads")
PROFILES = Viewer(Actor.STAFF, None, ("profile:write", "read"), "helps")


def secret_of(url: str) -> str:
    return url.rpartition("/")[2].removesuffix(".ics")


async def link_of(feed: Feed, viewer: Viewer | None = None) -> dict[str, Any]:
    customer: dict[str, Any] = (await feed.ask(LINK, viewer, id=feed.life.customer_id))["data"]["customer"]
    return customer


async def test_a_link_is_made_shown_renewed_and_revoked(feed: Feed) -> None:
    assert await link_of(feed) == {"calendarUrl": None, "calendarLink": None}
    first = await feed.link()
    assert (await link_of(feed))["calendarUrl"] == first
    assert (await link_of(feed))["calendarLink"]["lastUsedAt"] is None
    assert (await feed.get(first)).status_code == 200
    assert (await link_of(feed))["calendarLink"]["lastUsedAt"] is not None
    second = await feed.link()
    assert secret_of(second) != secret_of(first)
    assert [(await feed.get(url)).status_code for url in (first, second)] == [404, 200]
    assert await feed.call(REVOKE) == {"replayed": False, "customer": {"calendarUrl": None}, "userErrors": []}
    assert await link_of(feed) == {"calendarUrl": None, "calendarLink": None}
    assert (await feed.get(second)).status_code == 404
    assert (await feed.call(REVOKE))["userErrors"] == [], "nothing to do"


async def test_a_key_makes_one_link(feed: Feed) -> None:
    key = token_urlsafe()
    first, again = await feed.call(CREATE, idempotencyKey=key), await feed.call(CREATE, idempotencyKey=key)
    assert (first["replayed"], again["replayed"], again["customer"]) == (False, True, first["customer"])
    assert first["customer"]["calendarUrl"] != (await feed.call(CREATE))["customer"]["calendarUrl"]


async def test_the_secret_is_stored_hashed_and_sealed(feed: Feed) -> None:
    secret = secret_of(await feed.link())
    (row,) = await feed.life.rows("calendar_link")
    assert row["secret_hash"] == hash_of(secret)
    assert secret not in str(dict(row))
    assert secret.encode().hex() not in row["sealed"]
    tables = await feed.life.admin.fetch("select relname from pg_class where relkind = 'r' and relnamespace = 'portico'::regnamespace")
    for (table,) in tables:
        assert await feed.life.admin.fetchval(f"select count(*) from portico.{table} t where t::text like '%' || $1 || '%'", secret) == 0, table


async def test_staff_see_that_there_is_a_link_and_may_revoke_it(feed: Feed) -> None:
    url = await feed.link()
    seen = await link_of(feed, READER)
    assert (seen["calendarUrl"], seen["calendarLink"]["lastUsedAt"]) == (None, None)
    assert seen["calendarLink"]["createdAt"]
    refused = await feed.ask(REVOKE, READER, input={"customerId": feed.life.customer_id})
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    made = await feed.ask(CREATE, STAFF, input={})
    assert made["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await feed.get(url)).status_code == 200
    assert (await feed.call(REVOKE, PROFILES, customerId=feed.life.customer_id))["userErrors"] == []
    assert (await feed.get(url)).status_code == 404
    assert (await feed.call(REVOKE, PROFILES))["userErrors"] == [{"code": "INVALID_VALUE", "path": ["input", "customerId"]}]


async def test_in_a_session_for_the_customer_nobody_sees_or_makes_a_link(feed: Feed) -> None:
    url = await feed.link()
    acting = Viewer(Actor.CUSTOMER, feed.life.customer_id, ("portal",), "tests", acting_party="support")
    assert (await link_of(feed, acting))["calendarUrl"] is None
    assert [error["code"] for error in (await feed.call(CREATE, acting))["userErrors"]] == ["SIGN_IN_REQUIRED"]
    assert (await feed.get(url)).status_code == 200
    assert (await feed.call(REVOKE, acting))["userErrors"] == [], "what ends access is allowed"
    assert (await feed.get(url)).status_code == 404


async def test_partners_apps_see_no_link(feed: Feed, portal: Portal) -> None:
    url = await feed.link()
    feed.life.files = portal.files
    app = Viewer(Actor.PARTNER, feed.life.customer_id, ("read",), "app", app="app")
    partner = (await feed.life.ask("{ customer { id calendarUrl calendarLink { createdAt } } }", app))["customer"]
    assert partner == {"id": feed.life.customer_id, "calendarUrl": None, "calendarLink": None}
    own = (await feed.life.ask("{ customer { calendarUrl calendarLink { createdAt } } }"))["customer"]
    assert secret_of(own["calendarUrl"]) == secret_of(url)
    assert own["calendarLink"]


async def test_the_database_lets_nobody_else_read_or_make_a_link(feed: Feed, place: embedded.Urls) -> None:
    secret_hash = hash_of(secret_of(await feed.link()))
    connection = await asyncpg.connect(place.app)
    try:
        for actor, customer_id, secret, rows in (
            ("CUSTOMER", feed.life.customer_id, "", 1),
            ("PARTNER", feed.life.customer_id, "", 0),
            ("CUSTOMER", "cus_other", "", 0),
            ("ANONYMOUS", "", "", 0),
            ("ANONYMOUS", "", secret_hash, 1),
            ("ANONYMOUS", "", hash_of("another"), 0),
            ("STAFF", "", "", 1),
        ):
            async with connection.transaction():
                for name, value in (("actor", actor), ("customer_id", customer_id), ("secret", secret)):
                    await connection.execute("select set_config($1, $2, true)", f"app.{name}", value)
                assert await connection.fetchval("select count(*) from calendar_link where secret_hash = $1", secret_hash) == rows, (actor, customer_id)
        insert = "insert into calendar_link (customer_id, secret_hash, sealed, created_at) values ($1, $2, '', now())"
        for actor in ("PARTNER", "STAFF", "SYSTEM", "ANONYMOUS"):
            transaction = connection.transaction()
            await transaction.start()
            for name, value in (("actor", actor), ("customer_id", feed.life.customer_id), ("scopes", "staff")):
                await connection.execute("select set_config($1, $2, true)", f"app.{name}", value)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(insert, feed.life.customer_id, "0" * 64)
            await transaction.rollback()
    finally:
        await connection.close()


@pytest.mark.parametrize(("mutation", "name"), [(ERASE, "erase"), (CLOSE, "close")])
async def test_a_customer_who_is_erased_or_closed_has_no_calendar(feed: Feed, mutation: str, name: str) -> None:
    url = await feed.link()
    assert (await feed.get(url)).status_code == 200
    payload = await feed.call(mutation, STAFF, customerId=feed.life.customer_id, idempotencyKey=f"{name} {feed.life.customer_id}")
    assert payload["userErrors"] == []
    assert await feed.life.rows("calendar_link") == []
    assert (await feed.get(url)).status_code == 404


async def test_unknown_and_revoked_urls_are_answered_like_an_unknown_path(feed: Feed) -> None:
    url = await feed.link()
    await feed.call(REVOKE)
    unknown = [url, "/calendar/x.ics", f"/calendar/{token_urlsafe(32)}.ics", "/calendar/", "/calendar/%00%ff.ics", "/no-such-path/x.ics"]
    answers = [await feed.get(each) for each in unknown]
    assert {(answer.status_code, answer.content, tuple(headers(answer))) for answer in answers} == {
        (404, b"Not Found", (("content-length", "9"), ("content-type", "text/plain; charset=utf-8")))
    }


def headers(answer: httpx.Response) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers.items() if name not in ("date", "server", "connection"))


async def test_the_calendar_is_sent_again_only_when_it_has_changed(feed: Feed) -> None:
    url = await feed.link()
    first = await feed.get(url)
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert "last-modified" not in first.headers
    for name in (b"REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n", b"X-PUBLISHED-TTL:PT6H\r\n", b"X-WR-CALNAME:Payments: Portico\r\n"):
        assert name in first.content
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        same = await feed.get(url, **{"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["ETag"], same.headers["Cache-Control"]) == (304, b"", tag, "private, no-cache")
    await feed.life.subscribe()
    changed = await feed.get(url, **{"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)


async def test_head_and_other_methods(feed: Feed) -> None:
    url = await feed.link()
    answer, head = await feed.get(url), await feed.http.head(url)
    assert (head.status_code, head.content, head.headers["ETag"], head.headers["Content-Length"]) == (
        200,
        b"",
        answer.headers["ETag"],
        str(len(answer.content)),
    )
    assert (await feed.http.post(url)).status_code == 405


async def test_the_secret_is_in_no_log(feed: Feed) -> None:
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name} {record.getMessage()} {record.__dict__}")

    handler = Keeping()
    with logging_as_before():
        root = logging.getLogger()
        root.setLevel(logging.DEBUG)
        for noisy in ("httpx", "httpcore"):  # the client's
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        root.addHandler(handler)
        try:
            url = await feed.link()
            for answer in (await feed.get(url), await feed.get(url.replace(".ics", "x.ics")), await feed.http.post(url)):
                assert answer.status_code in (200, 404, 405)
        finally:
            root.removeHandler(handler)
    assert any("portico.operation" in line for line in lines), "the server's log is read"
    assert [line for line in lines if secret_of(url) in line] == []


async def test_wrong_secrets_are_counted_and_the_right_one_is_still_answered(start_server: Any, place: embedded.Urls, feed: Feed) -> None:
    (budget,) = BUDGETS[Kind.CALENDAR]["network"]
    async with httpx.AsyncClient(base_url=start_server(place.app), timeout=20) as client:
        other = Feed(client, feed.life)
        url = await other.link()
        statuses = [(await other.get(f"/calendar/{token_urlsafe(32)}.ics")).status_code for _ in range(budget.amount)]
        assert statuses == [404] * budget.amount
        assert_throttled(await other.get(f"/calendar/{token_urlsafe(32)}.ics"), seconds=budget.get_expiry())
        assert (await other.get(url)).status_code == 200


async def test_one_calendar_is_read_so_often_in_a_minute(feed: Feed) -> None:
    first, answers = await feed.link(), []
    for _ in range(READS_PER_MINUTE + 1):
        answers.append(await feed.get(first))
    assert [answer.status_code for answer in answers] == [200] * READS_PER_MINUTE + [429]
    assert_throttled(answers[-1])
    assert (await feed.get(await feed.link())).status_code == 200
