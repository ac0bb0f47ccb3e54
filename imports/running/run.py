"""An import from its files to its report."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from secrets import randbits

from billing.ids import type_id
from db.importing import CustomerRows, ImportConnection, RowsRefused, Stale, importing
from imports.formats.kinds import KINDS
from imports.planning.drafts import ImportCatalog, ImportPolicy, LineAction, LineOutcome
from imports.planning.plan import CustomerPlan, plan
from imports.reading.staging import CustomerLines, Staging, files_of
from imports.reasons import ImportReason, LineFault
from imports.running.evidence import ImportPorts, evidence_of, store_documents
from imports.running.report import ImportCounts, ImportReport
from imports.running.state import catalog_of, state_of

BATCH = 50
MAX_WAITING = 200


class SourceBusy(Exception):
    """Another import of the source runs."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What is imported, and how. `limit`: at most so many customers. `stops`: at the first line that is skipped. `only`: the one kind of lines that is read."""

    folder: Path
    source: str
    now: datetime
    is_dry: bool = False
    stops: bool = True
    limit: int | None = None
    only: str | None = None
    processor: str = "sandbox"
    connections: int = 3


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Called while an import runs: with the number of bytes read, with the number of all lines once they are read, and with the number of lines done."""

    read: Callable[[int], None] = lambda _: None
    begin: Callable[[int], None] = lambda _: None
    done: Callable[[int], None] = lambda _: None


@dataclass(slots=True)
class ImportResult:
    """How an import ended: the counts, and whether it stopped at a line that was skipped."""

    counts: ImportCounts
    is_stopped: bool = False


@dataclass(slots=True)
class _Work:
    """What the tasks of an import share."""

    options: ImportOptions
    policy: ImportPolicy
    catalog: ImportCatalog
    report: ImportReport
    progress: ImportProgress
    ports: ImportPorts
    plans: asyncio.Queue[tuple[CustomerLines, CustomerPlan] | None] = field(default_factory=lambda: asyncio.Queue(MAX_WAITING))
    is_stopped: bool = False


async def run_import(
    url: str, options: ImportOptions, folder: Path, report_path: Path, progress: ImportProgress, ports: ImportPorts | None = None
) -> ImportResult:
    """Import a folder into the database of this URL, the administrator's. `folder` has room for temporary files.

    Raises ImportLost, SourceBusy, TwoFiles, and OSError for files that cannot be read or written. What was reported until then is written to `report_path` in any case.
    """
    paths = {kind: path for kind, path in files_of(options.folder).items() if options.only in (None, kind)}
    report = ImportReport(folder, {kind: path.name for kind, path in paths.items()})
    try:
        staging = Staging(folder, report.add_fault)
        for kind in KINDS:
            if kind.name in paths:
                staging.read(kind, paths[kind.name], progress.read)
        progress.begin(sum(staging.lines.values()) - staging.faults)
        return await _imported(url, options, staging, report, progress, ports or ImportPorts())
    finally:
        report.write(report_path)


async def _imported(url: str, options: ImportOptions, staging: Staging, report: ImportReport, progress: ImportProgress, ports: ImportPorts) -> ImportResult:
    is_stopped = bool(options.stops and staging.faults and not options.is_dry)
    if is_stopped:
        _report_rest(report, staging.groups())
        return ImportResult(report.counts, is_stopped=True)
    run_id = type_id("imp", int(options.now.timestamp() * 1000), entropy=randbits(74))
    policy = ImportPolicy(options.source, options.now, run_id, options.processor, report.files)
    async with importing(url) as control:
        if not options.is_dry and not await control.begin_run(options.source, run_id, now=options.now):
            raise SourceBusy
        work = _Work(options, policy, await catalog_of(control), report, progress, ports)
        await _write_all(url, work, control, staging.groups())
        if not options.is_dry and not work.is_stopped:
            await control.end_run(run_id, now=options.now)
    return ImportResult(report.counts, work.is_stopped)


async def _write_all(url: str, work: _Work, control: ImportConnection, groups: Iterator[CustomerLines]) -> None:
    """PlanLine all groups, and write the plans by several connections. The first failure ends all of them."""
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(importing(url)) for _ in range(work.options.connections)]
        async with _failing_together() as tasks:
            for connection in connections:
                tasks.create_task(_write(work, connection))
            await _plan_all(work, control, groups)
            for _ in connections:
                await work.plans.put(None)


class _failing_together:
    """A task group that raises the first failure itself."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> asyncio.TaskGroup:
        return await self._group.__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        try:
            await self._group.__aexit__(kind, error, traceback)  # type: ignore[arg-type]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None


async def _plan_all(work: _Work, control: ImportConnection, groups: Iterator[CustomerLines]) -> None:
    limited = islice(groups, work.options.limit)
    for batch in _batches(limited):
        state = await state_of(control, batch, work.policy.source)
        evidence = await evidence_of(batch, state, work.ports, work.options.folder, work.options.processor)
        for group in batch:
            planned = plan(group, state, work.catalog, work.policy, evidence)
            if work.is_stopped or (planned.skips and work.options.stops and not work.options.is_dry):
                _report_unwritten(work, group, planned)
                work.is_stopped = True
                continue
            await work.plans.put((group, planned))
    _report_rest(work.report, groups)


def _batches(groups: Iterator[CustomerLines]) -> Iterator[list[CustomerLines]]:
    while batch := list(islice(groups, BATCH)):
        yield batch


async def _write(work: _Work, connection: ImportConnection) -> None:
    """Write plans until there are no more."""
    while (item := await work.plans.get()) is not None:
        group, planned = item
        for outcome in await _written(work, connection, group, planned):
            work.report.add(outcome)
        work.progress.done(len(group.lines))
    await connection.end_rehearsal()


async def _written(work: _Work, connection: ImportConnection, group: CustomerLines, planned: CustomerPlan) -> Iterable[LineOutcome]:
    """Write the plan of a customer; one that no longer fits is made again once. Returns what became of the lines."""
    for is_last in (False, True):
        try:
            await _write_rows(work, connection, planned)
        except (RowsRefused, Stale) as error:
            if is_last:
                return await _refused(work, connection, group, error)
            state = await state_of(connection, [group], work.policy.source)
            evidence = await evidence_of([group], state, work.ports, work.options.folder, work.options.processor)
            planned = plan(group, state, work.catalog, work.policy, evidence)
        else:
            return planned.outcomes
    raise AssertionError("unreachable")


async def _write_rows(work: _Work, connection: ImportConnection, planned: CustomerPlan) -> None:
    if any(planned.rows.values()):
        if not work.options.is_dry:
            await store_documents(work.ports.bucket, planned.rows.get("imported_document", ()))
        rows = CustomerRows(planned.customer_id, planned.rows, planned.is_followed)
        await (connection.rehearse if work.options.is_dry else connection.write)(rows, now=work.policy.now)


async def _refused(work: _Work, connection: ImportConnection, group: CustomerLines, error: RowsRefused | Stale) -> list[LineOutcome]:
    """Store in the ledger that the lines of the customer were refused. Returns what became of them."""
    fault = LineFault(ImportReason.CHANGED_MEANWHILE) if isinstance(error, Stale) else LineFault(ImportReason.REFUSED_BY_DATABASE, "", error.constraint)
    for line in group.lines:
        line.fault = line.fault or fault
    planned = plan(group, await state_of(connection, [group], work.policy.source), work.catalog, work.policy)
    await _write_rows(work, connection, planned)
    return list(planned.outcomes)


def _report_unwritten(work: _Work, group: CustomerLines, planned: CustomerPlan) -> None:
    """ImportReport the customer at which the run stops: the lines that are skipped with their reasons, and the others as not reached."""
    faults = {id(outcome.line): outcome.fault for outcome in planned.skips if not work.is_stopped}
    for line in group.lines:
        line.fault = faults.get(id(line)) or line.fault
    _report_rest(work.report, [group])


def _report_rest(report: ImportReport, groups: Iterable[CustomerLines]) -> None:
    """ImportReport the lines of customers that are not imported in this run."""
    for group in groups:
        for line in group.lines:
            report.add(LineOutcome(line, LineAction.SKIP, fault=line.fault or LineFault(ImportReason.NOT_REACHED)))
