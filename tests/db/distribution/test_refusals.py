"""A database that cannot be distributed is refused in one line, and nothing is changed."""

import asyncpg
import pytest

from db.builtin import embedded
from db.distribution.distribute import CannotDistribute, distribute
from gateway.cli.commands import preparing
from gateway.wiring.database import CannotReach, DatabaseUrls

STATE = """
select (select json_agg(c order by c.oid) from pg_class c where c.relnamespace = 'portico'::regnamespace)::text,
       (select json_agg(p.proname order by p.oid) from pg_proc p where p.pronamespace = 'portico'::regnamespace)::text,
       (select json_agg(s.setconfig order by s.setrole, s.setdatabase) from pg_db_role_setting s)::text"""


async def test_a_database_without_citus_is_refused_and_stays_as_it_is(urls: embedded.Urls, admin: asyncpg.Connection) -> None:
    before = await admin.fetchrow(STATE)
    with pytest.raises(CannotDistribute, match="not one of Citus") as refused:
        await distribute(urls.admin)
    assert "\n" not in str(refused.value)
    assert await admin.fetchrow(STATE) == before


async def test_the_command_says_the_same(urls: embedded.Urls) -> None:
    with pytest.raises(CannotReach, match="not one of Citus"):
        await preparing.distribute(DatabaseUrls(urls.admin, urls.app))
