"""A field of a mutation is run again after a conflict only if that takes nothing twice."""

from collections.abc import AsyncIterator

import pytest

from billing.refusals import ErrorCode, NotRun, Refused
from db.outages import Conflict, DatabaseUnavailable
from resolvers.context import Context
from resolvers.mutating import resolved, running
from tests.conftest import ADA, Portal


@pytest.fixture
async def context(portal: Portal) -> AsyncIterator[Context]:
    made = portal.context(ADA, portal.session(ADA))
    yield made
    await made.session.close()


class Field:
    """Commits so many transactions, in this unit of work or in another of the operation, and then meets conflicts until it has been run so often."""

    def __init__(self, context: Context, *, commits: int = 0, conflicts: int = 1, is_elsewhere: bool = False) -> None:
        self.runs = 0
        self._context, self._commits, self._conflicts = context, commits, conflicts
        self._session = context.session.for_caller(context.session.caller) if is_elsewhere else context.session

    async def __call__(self) -> str:
        self.runs += 1
        assert not self._context.has_attempted
        await self._session.fetch("select 1", ())
        self._context.has_attempted = True
        for _ in range(self._commits):
            async with self._session.write():
                pass
        if self.runs <= self._conflicts:
            raise Conflict("40P01 deadlock_detected")
        return "done"


async def test_a_field_that_has_committed_nothing_is_run_once_more(context: Context) -> None:
    field = Field(context)
    assert await resolved(context, "test", field) == "done"
    assert field.runs == 2


async def test_it_is_not_run_a_third_time(context: Context) -> None:
    field = Field(context, conflicts=2)
    with pytest.raises(Conflict):
        await resolved(context, "test", field)
    assert field.runs == 2


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["in its own unit of work", "in another one of the operation"])
async def test_a_field_that_has_committed_something_is_not_run_again(context: Context, is_elsewhere: bool) -> None:
    field = Field(context, commits=1, is_elsewhere=is_elsewhere)
    with pytest.raises(Conflict):
        await resolved(context, "test", field)
    assert field.runs == 1


async def test_what_an_earlier_field_has_committed_does_not_count(context: Context) -> None:
    assert await resolved(context, "test", Field(context, commits=1, conflicts=0)) == "done"
    context.has_attempted = False
    field = Field(context)
    assert await resolved(context, "test", field) == "done"
    assert field.runs == 2


async def test_an_outage_is_not_repeated_and_cuts_off_the_fields_after_it(context: Context) -> None:
    runs = []

    async def away() -> None:
        runs.append(1)
        raise DatabaseUnavailable("55P03 lock_not_available")

    with pytest.raises(DatabaseUnavailable):
        async with running(context):
            await resolved(context, "test", away)
    with pytest.raises(NotRun):
        async with running(context):
            await resolved(context, "test", away)
    assert len(runs) == 1


async def test_a_refusal_cuts_off_nothing(context: Context) -> None:
    async def refused() -> None:
        raise Refused(ErrorCode.NOT_FOUND, "It does not exist, or nothing of it can be paid here.")

    with pytest.raises(Refused):
        async with running(context):
            await resolved(context, "test", refused)
    async with running(context):
        assert await resolved(context, "test", Field(context, conflicts=0)) == "done"
