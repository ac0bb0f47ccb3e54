"""The same customers in two databases: those of the demo, and what an import of their export made of them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from billing.money.numbers import Numbering
from billing.states import Actor
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from gateway.cli.merchant.export_commands import write_files
from gateway.http.graphql.execution import run_planned
from gateway.http.requests import GraphQLRequest
from imports.running.report import ImportCounts
from imports.running.run import ImportOptions, ImportProgress, run_import
from pdf.layout import Merchant
from resolvers.changes.writing import system_writer
from resolvers.customers.releasing import release_all
from resolvers.reads.pdf_contents import DocumentRequest, StatementPeriod, statement
from tests.conftest import NOW, Portal, customer

SOURCE = "demo"
KINDS = ("customers", "payment_methods", "subscriptions", "payment_schedules", "invoices", "payments", "credits")
TABLES = ("customer", "payment_method", "subscription", "payment_schedule", "installment", "invoice", "payment")
FIRST, LAST = date(2015, 1, 1), timedelta(days=3000)
MERCHANT = Merchant("Acme")
# What happens outside when somebody is billed, mailed or told: the import does none of it.
OUTSIDE = ("letter", "letter_cause", "webhook_delivery", "webhook_event", "charge", "refund_request", "data_export", "loose_object")


@dataclass(frozen=True)
class Side:
    """A database with the customers, and which ids stand for which external ids."""

    portal: Portal
    admin: asyncpg.Connection

    @property
    def database(self) -> Database:
        return self.portal.database

    async def names(self) -> dict[str, str]:
        """Return for each id the one that both sides have: the external id, or the id itself."""
        rows = [row for table in TABLES for row in await self.admin.fetch(f"select id, coalesce(external_id, id) as name from {table}")]
        summaries = {f"sum_{row['id'][4:]}": f"sum_{row['name'][4:]}" for row in rows if row["id"].startswith("cus_")}
        return {row["id"]: row["name"] for row in rows} | summaries


async def exported(url: str, folder: Path, *, now: datetime) -> set[str]:
    """Export the generated customers of a database, and return the ids of those who are complete: nothing of theirs is under way."""
    await write_files(url, folder, now=now)
    skipped = {json.loads(line)["customer"] for line in (folder / "skipped.jsonl").read_text().splitlines()}
    (folder / "skipped.jsonl").unlink()
    customers = [json.loads(line) for line in (folder / "customers.jsonl").read_text().splitlines()]
    named = {line["externalId"] for line in customers if line["email"].endswith("@example.com")}
    for kind in KINDS:
        _keep(folder / f"{kind}.jsonl", lambda line: line.get("customer", line["externalId"]) not in named)
    return {line["externalId"] for line in customers} - named - skipped


def _keep(path: Path, is_wanted: Any) -> None:
    partial = path.with_suffix(".partial")
    with path.open() as file, partial.open("w") as written:
        written.writelines(line for line in file if is_wanted(json.loads(line)))
    partial.replace(path)


async def imported(url: str, folder: Path, scratch: Path, *, now: datetime, **options: Any) -> ImportCounts:
    chosen = replace(ImportOptions(folder, SOURCE, now, stops=False), **options)
    return (await run_import(url, chosen, scratch, scratch / "report.jsonl", ImportProgress())).counts


async def released(side: Side, customer_id: str, *, now: datetime) -> list[str]:
    """Release the subscriptions of a customer, and return the codes of those that stay held."""
    session = UnitOfWork(side.database, Caller(customer_id, Actor.SYSTEM, now), acquire_seconds=30)
    try:
        async with session.write() as transaction:
            answer = await release_all(transaction, replace(system_writer(now, Numbering()), client="import"))
    finally:
        await session.close()
    return [str(one["code"]) for one in answer["unreleased"]]


async def summary(side: Side, customer_id: str, names: dict[str, str], *, text: str, now: datetime = NOW) -> Any:
    """Return the Summary page, with names in place of ids."""
    document, operation = side.portal.prepare(text)
    session = UnitOfWork(side.database, Caller(customer_id, Actor.CUSTOMER, now))
    try:
        context = side.portal.context(customer(customer_id), session)
        body = await run_planned(document, operation, GraphQLRequest(text, {}, None, False), context)
    finally:
        await session.close()
    assert body is not None
    return _named(json.loads(body)["data"], names)


def anonymous(value: Any) -> Any:
    """Return a page without ids, which are new on both sides, and without payments: those of one pass of the clock have one time, and are in the order of their ids.
    The statement has them all."""
    if isinstance(value, dict):
        return {key: anonymous(one) for key, one in value.items() if key not in ("id", "payments", "lastPayment")}
    return [anonymous(one) for one in value] if isinstance(value, list) else value


def _named(value: Any, names: dict[str, str]) -> Any:
    """Replace ids, and leave out cursors and versions, which say where a row is and how often it was changed."""
    if isinstance(value, dict):
        return {key: _named(one, names) for key, one in value.items() if key not in ("endCursor", "version")}
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


async def statements(side: Side, customer_id: str, currencies: list[str], *, now: datetime) -> list[Any]:
    """Return the statement of account in each currency, up to all that is due later. Entries of one day and kind are in the order of their ids, which differ."""
    session = UnitOfWork(side.database, Caller(customer_id, Actor.CUSTOMER, now))
    try:
        request = DocumentRequest(session, customer_id, MERCHANT)
        results = [await statement(request, StatementPeriod(code, FIRST, now.date() + LAST), max_entries=100_000) for code in currencies]
    finally:
        await session.close()
    return [[one.currency, one.closing_minor, sorted([entry.on.isoformat(), entry.kind, entry.amount_minor] for entry in one.entries)] for one in results]


async def is_tie(side: Side, customer_id: str, results: list[str]) -> bool:
    """Whether all that differs is which of several payments of one day the Summary names: the one with the lowest id, and ids are new."""
    if not all(re.search(r"\.nextPayment\.(amount|source)\b", one) for one in results):
        return False
    days = await side.admin.fetch(
        """select day from (select (s.renews_at at time zone c.time_zone)::date as day from subscription s join customer c on c.id = s.customer_id where s.customer_id = $1
                            union all
                            select p.due_on from installment p where p.customer_id = $1 and p.remaining_minor > 0) due
            where day is not null group by day having count(*) > 1""",
        customer_id,
    )
    return bool(days)


async def counts(admin: asyncpg.Connection) -> dict[str, int]:
    """Return how many rows there are of what is told outside. The end of a run is an event of no customer."""
    rows = {table: await admin.fetchval(f"select count(*) from {table}") for table in OUTSIDE}
    return rows | {"event": await admin.fetchval("select count(*) from event where type <> 'import.finished'")}


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Return where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from differences(one.get(key), other.get(key), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{path}[{place}]")
    elif one != other:
        yield f"{path}: {one!r} != {other!r}"
