"""The declaration of how tables are distributed agrees with the migrations. This needs no Citus: it compares names, keys and definitions."""

import re
from pathlib import Path

import asyncpg
import pytest

import db.distribution
from db.deployment.migrate import VERSIONS
from db.distribution.functions import COORDINATORS
from db.sharding.tables import LOCAL, REFERENCE, SHARDED, Sharded

TABLES = "select relname from pg_class where relnamespace = 'portico'::regnamespace and relkind in ('r', 'p') and not relispartition"
UNIQUE = """
select c.relname as name, i.indisprimary as is_primary,
       array(select a.attname from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey::smallint[]))::text[] as columns
  from pg_index i join pg_class c on c.oid = i.indexrelid
 where i.indrelid = format('portico.%I', $1::text)::regclass and i.indisunique"""
FOREIGN_KEYS = """
select c.conrelid::regclass::text as relation, c.confrelid::regclass::text as target, c.conname as name,
       array(select (select a.attname from pg_attribute a where a.attrelid = c.conrelid and a.attnum = k.number)
                    || '=' || (select a.attname from pg_attribute a where a.attrelid = c.confrelid and a.attnum = k.target)
               from unnest(c.conkey, c.confkey) k(number, target))::text[] as pairs
  from pg_constraint c
 where c.contype = 'f' and c.connamespace = 'portico'::regnamespace and c.conparentid = 0"""
DEFINED = re.compile(r"create (?:or replace )?(?:function|view) (\w+)")
# What db/distribution/functions.sql defines anew, and the newest migration that defines it.
REPLACED = {
    "announce_events": "0039_events",
    "changed_in_": "0056_cheaper_events",  # one for each table of events
    "confirmed_revision": "0050_revisions",
    "count_notes": "0022_refunded",
    "customer_revision": "0050_revisions",
    "fan_out_webhooks": "0041_webhooks",
    "follow_tax_rate": "0024_forecast",
    "has_signed_in": "0053_distribution",
    "is_acted_for": "0025_links",
    "issue_credit_note_number": "0023_notes",
    "issue_number": "0023_notes",
    "keep_document_snapshot": "0040_cheaper_writes",
    "last_event": "0039_events",
    "lower_installments": "0057_credited_installments",
    "lower_schedule": "0063_returned_installments",
    "note_search_entry": "0029_merchant",
    "open_document": "0038_dunning",
    "owed_item": "0038_dunning",
    "portal_open_item": "0038_dunning",
    "revise_customer": "0056_cheaper_events",
    "revise_shared": "0050_revisions",
    "settle_renewal": "0024_forecast",
    "tell_registry": "0006_partners",
    "write_comparisons": "0056_cheaper_events",
    "write_events": "0056_cheaper_events",
    "write_subscription_state": "0038_dunning",
}
KEYS = {table.name: table.key for table in SHARDED}


async def test_every_table_is_declared_once(admin: asyncpg.Connection) -> None:
    declared = [*KEYS, *REFERENCE, *(table.name for table in LOCAL)]
    tables = {record[0] for record in await admin.fetch(TABLES)}
    assert {*declared} == tables
    assert len(declared) == len({*declared})


@pytest.mark.parametrize("table", SHARDED, ids=lambda table: table.name)
async def test_every_unique_index_of_a_sharded_table_has_its_key(admin: asyncpg.Connection, table: Sharded) -> None:
    indexes = {record["name"]: record for record in await admin.fetch(UNIQUE, table.name)}
    elsewhere = dict(table.unique_elsewhere)
    assert elsewhere.keys() <= indexes.keys()
    for name, index in indexes.items():
        columns = table.primary_key if index["is_primary"] and table.primary_key else index["columns"]
        assert (table.key in columns) != (name in elsewhere), name


async def test_foreign_keys_between_sharded_tables_compare_their_keys(admin: asyncpg.Connection) -> None:
    for key in await admin.fetch(FOREIGN_KEYS):
        relation, target = (key[side].removeprefix("portico.") for side in ("relation", "target"))
        if relation in KEYS and target in KEYS:
            assert f"{KEYS[relation]}={KEYS[target]}" in key["pairs"], key["name"]
        # What every worker has a copy of cannot refer to what is on one of them.
        assert relation not in REFERENCE or target in REFERENCE, key["name"]


def test_what_is_defined_anew_for_citus_is_what_the_newest_migrations_define() -> None:
    """Whoever defines one of them in a migration changes db/distribution/functions.sql as well, and then the name here."""
    newest = {name: path.parent.name for path in sorted(VERSIONS.glob("*/*.sql")) for name in DEFINED.findall(path.read_text(encoding="utf-8"))}
    anew = {*DEFINED.findall((Path(db.distribution.__path__[0]) / "functions.sql").read_text(encoding="utf-8"))}
    assert {name: newest[name] for name in anew & newest.keys()} == REPLACED


async def test_functions_of_the_coordinator_exist(admin: asyncpg.Connection) -> None:
    names = {record[0] for record in await admin.fetch("select proname from pg_proc where pronamespace = 'portico'::regnamespace")}
    assert {*COORDINATORS.split()} - names == {"commit_in_two_phases", "customer_is_there", "other_at_address"}  # made by the distribution itself
