"""Fixtures of lifecycle tests: a new customer for each test, a clock that the test sets, and a sandbox that records its requests."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from auth.permissions import staff_scopes
from auth.viewer import Viewer
from billing.ids import type_id
from billing.lifecycle.service import ServiceBegins
from billing.lifecycle.trials import TrialPolicy
from billing.money.numbers import Numbering
from billing.schedules.documents import DAYS_AHEAD
from billing.states import Actor
from db.builtin import embedded
from db.pool import Database, Pool
from db.unit_of_work import Caller, UnitOfWork
from demo.records.catalogue import PRICES, catalogue_rows
from demo.records.tables import CATALOGUE_TABLES, columns, record_of
from gateway.documents.document_cache import DocumentCache
from gateway.http.graphql.execution import run
from gateway.http.requests import GraphQLRequest
from payments.sandbox import Sandbox
from resolvers.changes.writing import writer
from resolvers.context import Context, Payments
from resolvers.subscriptions.advance import catch_up
from tests.auditing import INCONSISTENT, audited, belongs_to_this_test
from tests.conftest import Portal, assert_all_connections_are_back, closing_pool
from tests.sharing import SharedConnections
from tests.template import create_database

START = datetime(2027, 1, 31, 10, 15, tzinfo=UTC)
# One line with the whole total of an invoice without tax.
LINE = """
insert into invoice_line (customer_id, id, invoice_id, currency, position, description, unit_minor, subtotal_minor, total_minor)
select customer_id, replace(id, 'inv_', 'line_'), id, currency, 1, 'Work', total_minor, total_minor, total_minor from invoice where customer_id = $1 and id = $2"""
VIEW = "id status version quantity suspendedBy pendingChange { kind effectiveAt } renewsAt resumesAt currentPeriod { startsAt endsAt } renewalAmount { amount } plan { code }"
ERRORS = "replayed userErrors { code path message }"


def new_id(prefix: str) -> str:
    return type_id(prefix, 1_800_000_000_000, entropy=secrets.randbits(74))


def price(code: str, interval: str = "MONTH", currency: str = "USD") -> str:
    return PRICES[code, currency, interval].id


class NoThrottle:
    async def hit(self, *_: object) -> None: ...


@dataclass
class Life:
    """One customer: their mutations and queries, their clock and their rows."""

    database: Database
    admin: asyncpg.Connection
    schema: Any
    documents: DocumentCache
    sandbox: Sandbox
    customer_id: str
    now: datetime = START
    identity: Any = None
    files: Any = None
    webhooks: Any = None
    keys: int = field(default=0)
    takes_parts: bool = True
    trials: TrialPolicy = TrialPolicy.PER_PLAN
    numbering: Numbering = field(default_factory=Numbering)
    service_begins: ServiceBegins = ServiceBegins.MONEY
    invoice_days: int = DAYS_AHEAD

    @property
    def viewer(self) -> Viewer:
        return Viewer(Actor.CUSTOMER, self.customer_id, ("portal",), "tests")

    def context(self, viewer: Viewer | None = None) -> Context:
        viewer = viewer or self.viewer
        caller = Caller(viewer.customer_id, viewer.kind, self.now, scopes=staff_scopes(viewer), client=viewer.key_owner)
        session = UnitOfWork(self.database, caller, acquire_seconds=20)
        payments = Payments({"sandbox": self.sandbox}, b"secret", self.takes_parts, self.trials, self.numbering, service_begins=self.service_begins)
        payments = replace(payments, invoice_days=self.invoice_days)
        return Context(viewer, session, identity=self.identity, payments=payments, files=self.files, webhooks=self.webhooks)

    async def ask(self, text: str, viewer: Viewer | None = None, **variables: Any) -> dict[str, Any]:
        document = self.documents.prepare(text)
        assert not document.errors, document.errors
        context = self.context(viewer)
        try:
            result = await run(self.schema, document, GraphQLRequest(text, variables, None, False), context)
        finally:
            await context.session.close()
        assert not result.errors, result.errors[0].original_error or result.errors
        return result.data or {}

    async def do(self, mutation: str, viewer: Viewer | None = None, *, more: str = "", **arguments: Any) -> dict[str, Any]:
        """Call a mutation and return its payload."""
        self.keys += 1
        name = mutation[0].upper() + mutation[1:] + "Input"
        arguments = {"idempotencyKey": f"key {self.keys} of {self.customer_id}"} | arguments
        text = f"mutation M($input: {name}!) {{ {mutation}(input: $input) {{ subscription {{ {VIEW} }} {ERRORS} {more} }} }}"
        return (await self.ask(text, viewer, input=arguments))[mutation]

    async def preview(self, mutation: str, **arguments: Any) -> dict[str, Any]:
        field_name = "preview" + mutation[0].upper() + mutation[1:]
        text = f"""query P($input: {mutation[0].upper() + mutation[1:]}Input!) {{ {field_name}(input: $input) {{ userErrors {{ code path }} preview {{ effectiveAt status
            invoiceTotal {{ amount }} creditUsed {{ amount }} amountDue {{ amount }} creditGranted {{ amount }} trialEndsAt renewsAt renewalAmount {{ amount }} warnings previewToken
            lines {{ description quantity subtotal {{ minorUnits }} discount {{ minorUnits }} tax {{ minorUnits }} total {{ minorUnits }} startsAt endsAt }} }} }} }}"""
        return (await self.ask(text, input={"idempotencyKey": "-"} | arguments))[field_name]

    async def subscribe(self, code: str = "business", interval: str = "MONTH", *, is_past_trial: bool = True, **arguments: Any) -> str:
        """Add a plan and return the id of the subscription, after its trial and first invoice unless `is_past_trial` is False."""
        payload = await self.do("addPlan", priceId=price(code, interval), **arguments)
        assert payload["userErrors"] == [], payload
        subscription: str = payload["subscription"]["id"]
        if is_past_trial and payload["subscription"]["status"] == "TRIALING":
            ends_at = self.now + timedelta(microseconds=1)
            await self.admin.execute(
                "update subscription set trial_ends_at = $2, period_ends_at = $2, renews_at = $2, anchor_at = $2 where id = $1", subscription, ends_at
            )
            self.now += timedelta(seconds=1)
            await self.tick(subscription)
        return subscription

    async def decline_payments(self) -> None:
        """Change all payments so far to declined and all invoices to open."""
        async with self.admin.transaction():
            await self.admin.execute(
                "update payment set status = 'FAILED', decline_code = 'do_not_honor', settled_at = null where customer_id = $1 and status = 'SUCCEEDED'",
                self.customer_id,
            )
            await self.admin.execute("update invoice set paid_minor = 0, status = 'OPEN', paid_at = null where customer_id = $1", self.customer_id)

    async def tick(self, subscription: str) -> int:
        context = self.context(Viewer(Actor.SYSTEM, self.customer_id, (), "clock"))
        return await catch_up(context.session, subscription, {"sandbox": self.sandbox}, by=writer(context))

    async def advance(self, subscription: str, **length: float) -> int:
        """Advance the time and run the billing clock."""
        self.now += timedelta(**length)
        return await self.tick(subscription)

    async def rows(self, table: str, where: str = "") -> list[asyncpg.Record]:
        return await self.admin.fetch(f"select * from {table} where customer_id = $1 {where} order by 2", self.customer_id)

    async def row(self, subscription: str) -> asyncpg.Record:
        return await self.admin.fetchrow("select * from subscription where id = $1", subscription)

    async def everything(self) -> dict[str, list[asyncpg.Record]]:
        """Return all rows of the customer, to assert that nothing changed."""
        tables = [
            "subscription",
            "subscription_event",
            "coupon_redemption",
            "taken_plan",
            "invoice",
            "invoice_line",
            "payment",
            "payment_allocation",
            "balance_entry",
            "idempotency_key",
            "charge",
            "payment_schedule",
            "installment",
            "credit_note",
        ]
        return {table: sorted(await self.rows(table), key=str) for table in tables} | {"coupon": await self.admin.fetch("select * from coupon order by id")}

    async def card(self, name: str = "visa", *, is_default: bool = True) -> str:
        """Add a test card of the sandbox and return the id of the method."""
        if is_default:
            await self.admin.execute("update payment_method set is_default = false where customer_id = $1", self.customer_id)
        method = new_id("pm")
        await self.admin.execute(
            """insert into payment_method (customer_id, id, kind, brand, last4, fingerprint, processor, processor_reference, is_default, created_at)
               values ($1, $2, 'CARD', 'visa', '4242', $3, 'sandbox', $4, $5, $6)""",
            self.customer_id, method, method, f"sandbox_{secrets.token_hex(8)}_{name}", is_default, self.now,
        )  # fmt: skip
        return method


@pytest.fixture(scope="session")
async def place(urls: embedded.Urls) -> embedded.Urls:
    """A separate database with a catalogue and no customers, so that a clock set forward does not bill the demo's customers for years."""
    database = await create_database(urls, "lifecycle")
    if database != urls:
        await fill(database.admin)
    return database


async def fill(admin_url: str) -> None:
    """Insert the catalogue."""
    connection = await asyncpg.connect(admin_url)
    try:
        for kind, table in CATALOGUE_TABLES.items():
            await connection.copy_records_to_table(table, schema_name="portico", columns=columns(kind), records=map(record_of(kind), catalogue_rows()[kind]))
    finally:
        await connection.close()


@pytest.fixture(scope="module", autouse=True)
async def audited_module(place: Any) -> AsyncIterator[None]:
    """Audit the money of all customers at the end of a module. Some modules override the fixture `place`."""
    urls: embedded.Urls = getattr(place, "urls", place)
    async with audited(urls.admin, is_whole=True):
        yield


@pytest.fixture(scope="session")
async def pool(place: embedded.Urls) -> AsyncIterator[Database]:
    async with closing_pool(Database(place.app, Pool(max_size=8), server_settings={})) as opened:
        yield opened
        assert_all_connections_are_back(opened, 8)


@pytest.fixture
async def owner(place: embedded.Urls, connections: SharedConnections) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees and writes every row, to prepare a test."""
    async with connections.use(place.admin) as connection:
        yield connection


@pytest.fixture
async def life(portal: Portal, pool: Database, owner: asyncpg.Connection, request: pytest.FixtureRequest) -> AsyncIterator[Life]:
    async with living(portal, pool, owner) as life:
        if request.node.get_closest_marker("inconsistent_rows"):
            INCONSISTENT.add(life.customer_id)
        yield life


@asynccontextmanager
async def living(portal: Portal, pool: Database, owner: asyncpg.Connection) -> AsyncIterator[Life]:
    """A customer for the time of the context."""
    life = await new_life(portal, pool, owner)
    try:
        yield life
    finally:
        await end_life(owner, life.customer_id)


async def end_life(owner: asyncpg.Connection, customer_id: str) -> None:
    """End all work of the billing clock for this customer, so that later tests do not run it. Amounts and statuses stay unchanged, for the audit."""
    await owner.execute("update invoice set collect_at = null, is_hold_paused = false where customer_id = $1", customer_id)
    await owner.execute("update installment set invoice_at = null where customer_id = $1", customer_id)
    await owner.execute("update letter_cause set compose_at = null where customer_id = $1", customer_id)
    await owner.execute("update charge set started_at = 'infinity' where customer_id = $1 and settled_at is null", customer_id)
    await owner.execute(
        """update subscription
              set renews_at = null, resumes_at = null, started_at = case when status = 'SCHEDULED' then 'infinity' else started_at end,
                  pending_kind = null, pending_at = null, pending_price_id = null, pending_plan_id = null, pending_quantity = null, pending_resumes_at = null
            where customer_id = $1""",
        customer_id,
    )


async def new_life(portal: Portal, pool: Database, owner: asyncpg.Connection) -> Life:
    """Create a customer with a card that is charged successfully."""
    customer_id = new_id("cus")
    belongs_to_this_test(customer_id)
    await owner.execute(
        """insert into customer (id, name, email, locale, time_zone, currency, tax_rate_ppm, created_at)
           values ($1, 'Test', $1 || '@example.com', 'en', 'Europe/Zurich', 'USD', 81000, $2)""",
        customer_id, START,
    )  # fmt: skip
    life = Life(pool, owner, portal.schema, portal.documents, Sandbox("secret"), customer_id)
    life.identity = type("Identity", (), {"throttle": NoThrottle()})()
    await life.card()
    return life
