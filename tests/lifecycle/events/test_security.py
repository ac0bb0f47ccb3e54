"""Row security of events: another customer's are not there, and no program writes one."""

import asyncpg
import pytest

from db.builtin import embedded
from tests.lifecycle.conftest import Life

WRITES = (
    "insert into event (customer_id, seq, type, object_id, changes, actor, client, request_id, occurred_at) values ('{own}', 99, 'invoice.paid', 'x', '{{}}', 'SYSTEM', '', '', now())",
    "update event set actor = 'STAFF'",
    "delete from event",
    "select write_events('{own}', 'x', null, array['invoice.paid'], '{{}}')",
    "select * from event_counter",
    "update event_feed set last_position = 0",
    "insert into timed_event values ('{other}', 'invoice.overdue', 'x', '', now())",
    "select * from event_2026_12",
)


@pytest.mark.parametrize("statement", WRITES)
async def test_the_application_cannot_write_events(statement: str, life: Life, place: embedded.Urls) -> None:
    app = await asyncpg.connect(place.app)
    try:
        await acting(app, life.customer_id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement.format(own=life.customer_id, other="cus_of_another"))
    finally:
        await app.close()


async def acting(app: asyncpg.Connection, customer_id: str, actor: str = "CUSTOMER") -> None:
    await app.execute(f"set search_path = portico; set app.customer_id = '{customer_id}'; set app.actor = '{actor}'; set app.now = '2027-02-01T00:00:00Z'")


async def test_a_customer_sees_their_events_and_no_others_and_staff_see_all(life: Life, place: embedded.Urls) -> None:
    app = await asyncpg.connect(place.app)
    try:
        await acting(app, life.customer_id)
        assert await app.fetchval("select count(*) from event where customer_id = $1", life.customer_id) > 0
        assert await app.fetchval("select last_event($1)", life.customer_id) > 0
        await acting(app, "cus_of_another")
        assert await app.fetchval("select count(*) from event where customer_id = $1", life.customer_id) == 0
        assert await app.fetchval("select last_event($1)", life.customer_id) == 0
        await acting(app, "", "STAFF")
        assert await app.fetchval("select count(*) from portal_event where customer_id = $1", life.customer_id) > 0
        assert await app.fetchval("select last_position()") is not None
    finally:
        await app.close()


async def test_a_program_cannot_switch_events_off(life: Life, place: embedded.Urls, owner: asyncpg.Connection) -> None:
    """The control is the owner of the tables, who may load rows about which nobody is told."""
    app = await asyncpg.connect(place.app)
    try:
        await acting(app, life.customer_id)
        before = await owner.fetchval("select count(*) from event where customer_id = $1", life.customer_id)
        await app.execute("set app.events = off")
        await app.execute("insert into timed_event values ($1, 'invoice.overdue', 'x', '', now())", life.customer_id)
        assert await owner.fetchval("select count(*) from event where customer_id = $1", life.customer_id) == before + 1
        await owner.execute("set app.events = off")
        await owner.execute("update customer set locale = 'de' where id = $1", life.customer_id)
        await owner.execute("reset app.events")
        assert await owner.fetchval("select count(*) from event where customer_id = $1", life.customer_id) == before + 1
    finally:
        await app.close()
