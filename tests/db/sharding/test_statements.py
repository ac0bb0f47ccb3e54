"""The forms of statements for a distributed database. That Citus runs them is seen on a cluster (tests/db/distribution/test_cluster.py)."""

import re
from datetime import UTC, datetime

import pytest

from billing.states import Actor
from db.blocks import blocks, positional
from db.callers import READ, WRITE, Caller, CustomerLock, begin, in_blocks, opening
from db.sharding.statements import routed, without_row
from db.transaction import PREFIX, statement_of

NUMBER = re.compile(r"\$\d+")
KINDS = [name.removeprefix(PREFIX) for name in blocks() if name.startswith(PREFIX)]
CALLER = Caller("cus_1", Actor.CUSTOMER, datetime(2026, 1, 1, tzinfo=UTC), session_id="ses_1", request_id="a'; \\' rollback; --")


@pytest.mark.parametrize("name", blocks())
def test_a_statement_has_the_same_parameters_in_both_forms(name: str) -> None:
    """They are sent by their positions."""
    sql, _ = positional(blocks()[name].sql)
    assert {*NUMBER.findall(routed(sql))} == {*NUMBER.findall(sql)}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_given_as_json_are_inserted_from_the_row_of_their_customer(kind: str) -> None:
    """Or from another row of the customer."""
    sql = routed(statement_of((kind,))[0])
    assert not re.search(r"insert into \w+ as \w+ \([^()]*\)\s+select \$\d+", sql), sql


def test_a_new_customer_is_inserted_as_values() -> None:
    for sql in (positional(blocks()["customers.insert"].sql)[0], statement_of(("imported_customer",))[0]):
        assert "jsonb_populate_record(cast(null as customer)" in routed(sql)
        assert re.search(r"insert into customer as customer \([^()]*\)\s+values \(\$1, ", routed(sql))


def test_what_is_deleted_by_its_place_is_deleted_by_its_condition() -> None:
    for name in (name for name in blocks() if name.startswith("upkeep.")):
        assert "ctid" not in routed(positional(blocks()[name].sql)[0]), name


def test_a_written_customer_is_answered_by_the_id_alone() -> None:
    assert without_row(blocks()["customers.update"].sql).endswith("where c.id = :customer_id\nreturning c.id")
    assert without_row(blocks()["customers.insert"].sql).endswith("\nreturning id")


def test_the_customers_of_a_search_are_joined_without_a_limit_for_each() -> None:
    sql = routed(positional(blocks()["customers.matching"].sql)[0])
    assert sql.endswith('from search_customers($1) as s (owner_id)\n join portal_customer c on c.id = s.owner_id collate "C"')


def test_no_conflict_is_of_an_index_that_is_not_unique_there() -> None:
    for name in ("schedules.add", "schedules.add_installments"):
        assert "on conflict do nothing" in routed(positional(blocks()[name].sql)[0])


def test_statements_without_such_parts_stay_as_they_are() -> None:
    sql = positional(blocks()["customers.by_id"].sql)[0]
    assert routed(sql) == sql


@pytest.mark.parametrize("mode", [READ, WRITE])
def test_all_settings_of_a_caller_are_in_one_block(mode: str) -> None:
    text = in_blocks(begin(CALLER, mode, lock=CustomerLock.PRESENT))
    assert text.count("DO E'BEGIN ") == 1
    assert "SET LOCAL" not in re.sub(r"DO E'(?:[^'\\]|\\.)*'", "", text)
    assert text.startswith(f"BEGIN {mode}; DO ")


def test_a_transaction_that_follows_another_has_its_own_block() -> None:
    text = in_blocks(f"select 1; COMMIT; {opening(CALLER, READ)}")
    assert text.startswith(f"select 1; COMMIT; BEGIN {READ}; DO E'BEGIN SET LOCAL app.customer_id = E\\'cus_1\\'; ")


def test_the_feed_ends_where_its_positions_are_shown() -> None:
    sql = routed(positional(blocks()["events.feed"].sql)[0])
    assert "position <= (select last_position() from event_feed)" in sql
    assert "position is not null" not in sql
    assert routed("where (position) > (feed_position($1))") == "where (position) > ((select feed_position($1) from event_feed))"


def test_another_customer_of_an_address_is_looked_for_on_all_shards() -> None:
    assert "other_at_address(lower($" in routed(positional(blocks()["credentials.other_owner"].sql)[0])
