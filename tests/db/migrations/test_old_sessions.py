"""What becomes of sessions and links of before, which did not say whether staff had seen the link."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.builtin import embedded
from tests.db.migrations.old_database import migrated_from_before

NOW = datetime.now(UTC)
MADE, USED, LATER = (NOW - timedelta(minutes=minutes) for minutes in (9, 7, 5))
OWNER, OTHER = "cus_linked", "cus_other"


@pytest.fixture(scope="module")
async def admin(urls: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A database of the version before, with sessions, that was migrated then."""
    async with migrated_from_before("0025", urls, "old_sessions", fill) as old:
        yield old


async def fill(admin: asyncpg.Connection) -> None:
    link = "insert into identity_link (secret_hash, customer_id, kind, email, made_by, created_at, expires_at, used_at) values (md5($1) || md5($1), $2, $3, $4, $5, $6, $7, $8)"
    session = "insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at) values ($1, $2, $3, $4, $4, $5)"
    for owner in (OWNER, OTHER):
        await admin.execute("insert into customer (id, name, email, currency, created_at) values ($1, 'Grace', $1 || '@example.org', 'EUR', $2)", owner, MADE)
        await admin.execute(link, f"{owner} email", owner, "EMAIL", "new@example.org", "portal", LATER, NOW + timedelta(hours=9), None)
        await admin.execute(link, f"{owner} password", owner, "PASSWORD", None, "", LATER, NOW + timedelta(hours=9), None)
        await admin.execute(session, owner, f"ses_{owner}_password", "PASSWORD", MADE, NOW + timedelta(days=9))
    for number, used_at in (("used", USED), ("unused", None)):
        await admin.execute(link, number, OWNER, "PORTAL", None, "desk", MADE, NOW + timedelta(minutes=6), used_at)
    await admin.execute(session, OWNER, "ses_linked", "PORTAL_LINK", USED, NOW + timedelta(days=9))
    await admin.execute(session, OWNER, "ses_of_a_link_that_is_forgotten", "PORTAL_LINK", LATER, NOW + timedelta(days=9))
    await admin.execute(
        "insert into audit_event (id, customer_id, actor, actor_subject, actor_issuer, client, request_id, event, outcome, happened_at) "
        "values ('aud_1', $1, 'STAFF', 'kim', 'https://staff.example', 'desk', '', 'createPortalLink', 'OK', $2)",
        OWNER,
        MADE,
    )


async def test_a_session_that_began_with_a_link_proves_nothing_and_names_who_made_the_link(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("select id, needs_sign_in, link_delivery, made_by, made_by_subject, made_by_issuer from portal_session order by id")
    assert [tuple(row) for row in rows] == [
        ("ses_cus_linked_password", False, None, None, None, None),
        ("ses_cus_other_password", False, None, None, None, None),
        ("ses_linked", True, "RETURN", "desk", "kim", "https://staff.example"),
        ("ses_of_a_link_that_is_forgotten", True, "RETURN", None, None, None),
    ]


async def test_links_of_before_were_returned(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("select used_at, delivery, made_by_subject from identity_link where kind = 'PORTAL' order by used_at")
    assert [tuple(row) for row in rows] == [(USED, "RETURN", "kim"), (None, "RETURN", "kim")]


async def test_an_address_that_was_asked_for_while_such_a_session_ran_is_not_confirmed(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("select customer_id, kind from identity_link where used_at is null and kind <> 'PORTAL' order by customer_id, kind")
    assert [tuple(row) for row in rows] == [(OWNER, "PASSWORD"), (OTHER, "EMAIL"), (OTHER, "PASSWORD")]
