"""Which group of shards a customer's query is read from, and when it is the coordinator that answers."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from db.builtin import embedded
from db.workers import routing
from db.workers.hashing import hash_of
from db.workers.routing import Placement, ShardGroups, located, watch

LOWEST = (-(2**31), -(2**30), 0, 2**30)
HIGHEST = (-(2**30) - 1, -1, 2**30 - 1, 2**31 - 1)
HERE, THERE = ("db1.example.com", 5432), ("db2.example.com", 5432)


def placed(*addresses: tuple[str, int]) -> list[Placement]:
    """Return what the coordinator says of the groups 100, 101 and so on, which are on these workers."""
    return [(lowest, highest, 100 + number, address) for number, (lowest, highest, address) in enumerate(zip(LOWEST, HIGHEST, addresses, strict=True))]


def opened(groups: ShardGroups) -> ShardGroups:
    for group in groups.items:
        database: Any = SimpleNamespace(terminate=lambda: None)
        group.database = group.database or database
    return groups


@pytest.fixture
def groups() -> ShardGroups:
    groups = ShardGroups("postgresql://portico_app:secret@db0.example.com/billing")
    groups.replace(placed(HERE, THERE, HERE, THERE))
    return opened(groups)


def test_a_customer_is_read_from_the_group_of_the_hash(groups: ShardGroups) -> None:
    for number in range(200):
        customer = f"cus_{number:026}"
        group = groups.choose(customer)
        assert group is not None
        assert group.lowest == max(lowest for lowest in LOWEST if lowest <= hash_of(customer))
    assert {getattr(groups.choose(f"cus_{number}"), "number", None) for number in range(200)} == {100, 101, 102, 103}


def test_the_coordinator_answers_for_nobody_and_for_groups_that_cannot_be_read(groups: ShardGroups) -> None:
    assert groups.choose(None) is None
    assert ShardGroups().choose("cus_1") is None
    for prevent in (lambda group: group.suspect(), lambda group: group.drop()):
        group = groups.choose("cus_1")
        assert group is not None
        prevent(group)
        assert groups.choose("cus_1") is None
        opened(groups)
        group.is_suspect = False


@pytest.mark.parametrize("missing", range(4))
def test_the_coordinator_answers_for_groups_of_workers_that_are_not_in_use(groups: ShardGroups, missing: int) -> None:
    group = groups.items[missing]
    customers = [f"cus_{number}" for number in range(200)]
    own = {customer for customer in customers if groups.choose(customer) is group}
    groups.replace([placement for placement in placed(HERE, THERE, HERE, THERE) if placement[2] != group.number])
    assert own
    assert {customer for customer in customers if opened(groups).choose(customer) is None} == own


def test_a_group_that_has_moved_is_not_read_where_it_was(groups: ShardGroups) -> None:
    before = list(groups.items)
    groups.replace(placed(HERE, THERE, THERE, THERE))
    assert [old is new for old, new in zip(before, groups.items, strict=True)] == [True, True, False, True]
    assert before[2].database is None
    assert groups.items[2].address == THERE
    assert not groups.items[2].can_be_read


def test_the_connections_of_a_process_to_a_worker_are_shared_by_its_groups() -> None:
    for connections, addresses, size in ((10, (HERE,) * 4, 3), (10, (HERE, THERE) * 2, 5), (1, (HERE,) * 4, 2)):
        groups = ShardGroups("postgresql://portico_app@db0.example.com/billing", connections=connections)
        groups.replace(placed(*addresses))
        assert {group.make().usage.maximum for group in groups.items} == {size}


def test_a_worker_is_reached_as_the_same_user() -> None:
    url = "postgresql://portico_app:p%40ss@db0.example.com:6432/billing?sslmode=require"
    assert located(url, ("db1.example.com", 5432)) == "postgresql://portico_app:p%40ss@db1.example.com:5432/billing?sslmode=require"
    assert located("postgresql://db0/billing", ("fd00::1", 5433)) == "postgresql://[fd00::1]:5433/billing"


async def test_a_worker_that_does_not_answer_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "portico.workers")
    groups = ShardGroups("postgresql://portico_app:secret@127.0.0.1:1/billing")
    groups.replace(placed(*[("127.0.0.1", 1)] * 4))
    opened(groups)
    for _ in range(2):
        await groups.probe(("127.0.0.1", 1))
    assert not any(group.can_be_read for group in groups.items)
    assert [record.getMessage() for record in caplog.records] == ["worker 127.0.0.1:1 is not read directly: ECONNREFUSED"]
    assert "secret" not in repr(groups)


async def test_a_database_that_is_not_distributed_has_no_groups(urls: embedded.Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(routing, "_probed", never)
    groups = ShardGroups(urls.app)
    await watch(groups)
    assert not groups
