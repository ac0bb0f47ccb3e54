"""The command `import-release`."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from billing.refusals import Refused
from billing.states import Actor
from db.connections import find_customer
from db.pool import Database, Pool
from db.unit_of_work import Caller, UnitOfWork
from gateway.cli.commands.console import console, counted, show
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.settings import Settings, load
from gateway.wiring.database import DatabaseUrls, check, connected, postgres
from gateway.wiring.payments import numbering
from resolvers.changes.writing import WriteContext, system_writer
from resolvers.customers.releasing import release_all
from resolvers.reads.facts import fetch_rows

PAGE = 500


def release(customer: str | None, everyone: bool, data_dir: Path | None) -> None:
    """Exits with 1 if something stays held. Raises OperatorError."""
    if (customer is None) == (not everyone):
        raise OperatorError("Give exactly one of --customer ID and --all.")
    settings = load(data_dir=data_dir)
    with postgres(settings) as urls:
        asyncio.run(check(urls))
        if customer is not None:
            customer = asyncio.run(_id_of(urls, customer))
        answers = asyncio.run(_released(urls, settings, customer))
    _print(answers)
    if any(answer["unreleased"] for answer in answers):
        raise typer.Exit(1)


async def _id_of(urls: DatabaseUrls, name: str) -> str:
    """Return the id of a customer by the id or the external id. Raises OperatorError."""
    async with connected(urls.app_url, urls.setting, urls.server_settings) as connection:
        customer_id = await find_customer(connection, identifier=name)
    if customer_id is None:
        raise OperatorError(f"There is no customer {name}.")
    return customer_id


async def _released(urls: DatabaseUrls, settings: Settings, customer: str | None) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    by = replace(system_writer(now, numbering(settings)), client="import", invoice_days=settings.installment_invoice_days)
    caller = Caller(None, Actor.SYSTEM, now)
    answers: list[dict[str, Any]] = []
    async with Database(urls.app_url, Pool(max_size=2, is_prepared=urls.is_prepared), server_settings=urls.server_settings) as database:
        session = UnitOfWork(database, caller, acquire_seconds=30)
        async for customer_id in _customers(session, customer):
            answers.append(await _release_one(session, customer_id, by))
        await session.close()
    return answers


async def _customers(session: UnitOfWork, customer: str | None) -> AsyncIterator[str]:
    """Return the ids of the customers to release, page by page."""
    if customer is not None:
        yield customer
        return
    after = ""
    while rows := await fetch_rows(session, "imports.waiting", after=after, wanted=PAGE):
        await session.release()
        for row in rows:
            yield row.customer_id
        after = rows[-1].customer_id


async def _release_one(session: UnitOfWork, customer_id: str, by: WriteContext) -> dict[str, Any]:
    """Release the subscriptions of a customer in one transaction."""
    of_customer = session.for_caller(replace(session.caller, customer_id=customer_id))
    try:
        async with of_customer.write() as transaction:
            return await release_all(transaction, by)
    except Refused as refused:
        return {"customer": customer_id, "released": [], "unreleased": [{"subscription_id": "", "code": refused.code, "message": refused.message}]}
    finally:
        await of_customer.close()


def _print(answers: list[dict[str, Any]]) -> None:
    held = [(answer["customer"], each) for answer in answers for each in answer["unreleased"]]
    if held:
        table = Table("Customer", "Subscription", "Code", "Why it stays held", box=None)
        for customer_id, each in held:
            table.add_row(customer_id, each["subscription_id"], each["code"], each["message"])
        show(table)
    console.print(f"{counted(sum(len(answer['released']) for answer in answers), 'subscription')} released, {len(held)} still held.")
