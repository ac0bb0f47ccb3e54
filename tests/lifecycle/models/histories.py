"""Random histories of one customer. Mutations, arguments and values are read from the schema, so that later ones are tried without a change here."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type, is_list_type, is_non_null_type, is_required_input_field

from auth.viewer import Viewer
from billing.lifecycle.service import ServiceBegins
from billing.money.dunning import RetryPolicy
from billing.money.money import decimal_text
from billing.money.numbers import Numbering
from billing.states import Actor
from db.unit_of_work import Caller
from jobs.clock import Billing, tick
from payments.processor import RefundReport, RefundRequest
from payments.sandbox_cards import CARDS
from resolvers.changes.writing import system_writer
from resolvers.payments.webhooks import apply_event, store
from schema.declarations.fields import permission_of
from tests.conftest import STAFF
from tests.depth import IS_NIGHT
from tests.lifecycle.conftest import START, Life, new_id
from tests.lifecycle.payments.test_paying import credit, invoice, schedule

# `make model` runs many long histories; other runs have fewer and shorter ones.
IS_LONG = IS_NIGHT

# Of these `extendDueDate` takes one.
ONE_OF = {"invoiceId", "installmentId"}
# A history includes the mutations with one of these arguments, and not those of identity or of files only.
SUBJECTS = {"subscriptionId", "invoiceId", "installmentId", "paymentMethodId", "paymentId", "priceId", "currency", "paymentScheduleId"}

# What staff agree on: the customer is a subject of these, too, and their lists are made by `schedule_arguments`.
OF_SCHEDULES = {"createPaymentSchedule", "updateInstallments", "cancelPaymentSchedule"}

# Arguments that the caller sets, or omits.
OF_THE_CALL = {"idempotencyKey", "previewToken", "expectedVersion"}

# Cards that are charged successfully are more frequent, so that histories continue.
CARD_NAMES = [*CARDS, *["visa"] * len(CARDS)]

# Reports of a processor about refunds: the reason and the status.
REPORTS = [
    ("DISPUTE", "SUCCEEDED"),
    ("DISPUTE", "REVERSED"),
    ("RETURNED", "SUCCEEDED"),
    ("RETURNED", "REVERSED"),
    ("REQUESTED", "PENDING"),
    ("GOODWILL", "SUCCEEDED"),
    ("GOODWILL", "FAILED"),
]

INTERVALS = (("DAY", 1), ("WEEK", 1), ("MONTH", 1), ("MONTH", 3), ("YEAR", 1))
PASSING = (
    timedelta(minutes=2),
    timedelta(hours=7),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=10),
    timedelta(days=28),
    timedelta(days=31),
    timedelta(days=60),
)


@dataclass(frozen=True)
class Catalogue:
    """The catalogue: ids of prices, and codes of coupons that each customer may redeem once."""

    prices: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass
class Sent:
    """A mutation with its input and its payload."""

    mutation: str
    input: dict[str, Any]
    payload: dict[str, Any]

    @property
    def code(self) -> str | None:
        return self.payload["userErrors"][0]["code"] if self.payload["userErrors"] else None


@dataclass
class History:
    """A random history of one customer, whose amounts are in `currency`. `log` lists its steps, to explain a failure."""

    life: Life
    chance: Random
    catalogue: Catalogue
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    log: list[str] = field(default_factory=list)
    currency: str = "USD"

    async def begin(self) -> None:
        """Create one or two subscriptions, invoices, installments of each kind, and sometimes credit."""
        if self.chance.random() < 0.3:
            self.life.service_begins = ServiceBegins.ORDER
        for _ in range(self.chance.randint(1, 2)):
            await self.send("addPlan")
        owed = [await invoice(self.life, self.chance.randint(1_000, 9_000)) for _ in range(3)]
        totals = [await self.life.admin.fetchval("select total_minor from invoice where id = $1", identifier) for identifier in owed]
        await schedule(self.life, 600, totals[0] - 600, invoicing="COLLECTIVE", covered_by=[owed[0]] * 2)
        await schedule(self.life, totals[1], invoicing="PER_INSTALLMENT", covered_by=[owed[1]])
        await schedule(self.life, 700, 800, 900)
        await self._canceled_schedule()
        if amount := self.chance.choice([0, 0, 700, 20_000]):
            await credit(self.life, amount)

    async def _canceled_schedule(self) -> None:
        (installment,) = await schedule(self.life, 300)
        async with self.life.admin.transaction():
            await self.life.admin.execute(
                "update payment_schedule s set status = 'CANCELED' from installment i where i.id = $1 and s.customer_id = i.customer_id and s.id = i.schedule_id",
                installment,
            )
            await self.life.admin.execute("update installment set status = 'CANCELED' where id = $1", installment)

    async def step(self) -> None:
        """Run one random step: a mutation, an event of the processor, or time that passes."""
        others: list[Callable[[], Awaitable[None]]] = [
            self.another_card, self.processor_tells, self.refund_at_processor, self.money_goes_back, self.money_goes_back, self.void, self.change_tax_rate,
        ]  # fmt: skip
        roll = self.chance.random()
        if roll < 0.6:
            await self.send(self.chance.choice(self.mutations()))
        elif roll < 0.85:
            await self.advance(self.chance.choice(PASSING) + timedelta(seconds=self.chance.randint(0, 5_000)), is_clock_late=self.chance.random() < 0.2)
        else:
            await self.chance.choice(others)()

    async def of_schedules(self) -> None:
        """Run one step of a history of schedules alone: staff agree, the customer pays or has another card, or time passes."""
        roll = self.chance.random()
        if roll < 0.35:
            await self.send(self.chance.choice(sorted(OF_SCHEDULES)))
        elif roll < 0.55:
            await self.send(self.chance.choice(["payInstallment", "payInvoice", "payAllDue"]))
        elif roll < 0.65:
            await self.life.card(self.chance.choice(["visa", "visa", "insufficient_funds"]))
        else:
            await self.advance(self.chance.choice(PASSING[:5]) + timedelta(seconds=self.chance.randint(0, 5_000)), is_clock_late=self.chance.random() < 0.2)

    # The clock.

    async def advance(self, length: timedelta, *, is_clock_late: bool = False) -> None:
        self.life.now += length
        self.log.append(f"{self.life.now:%Y-%m-%dT%H:%M:%S}{', without the clock' if is_clock_late else ''}")
        if not is_clock_late:
            await self.tick()

    async def tick(self) -> None:
        billing = Billing(self.life.database, {"sandbox": self.life.sandbox}, self.policy, concurrency=1, service_begins=self.life.service_begins)
        billing = replace(billing, invoice_days=self.life.invoice_days)
        done = await tick(billing, self.life.now)
        assert done.failures == 0, self.log

    async def settle(self) -> None:
        """Advance the time until no charge is in progress."""
        await self.tick()
        for length in (timedelta(minutes=2), timedelta(hours=2), timedelta(hours=2)):
            if not await self.life.rows("charge", "and settled_at is null"):
                return
            await self.advance(length)

    # Mutations of customers and staff.

    def mutations(self) -> list[str]:
        """Return the names of the schema's mutations about a subject of a history."""
        fields = self.life.schema.mutation_type.fields
        return [name for name, item in fields.items() if "input" in item.args and not SUBJECTS.isdisjoint(get_named_type(item.args["input"].type).fields)]

    async def send(self, mutation: str, **fixed: Any) -> Sent | None:
        """Send a mutation with the fixed arguments and random others. Returns None if a required object does not exist."""
        arguments = await self.arguments(mutation)
        if arguments is None or (mutation == "cancelSubscription" and self.chance.random() < 0.6):
            return None
        return await self.call(mutation, arguments | fixed)

    async def call(self, mutation: str, arguments: dict[str, Any]) -> Sent:
        takes = self.input_of(mutation)
        self.life.keys += 1
        key = {"idempotencyKey": f"{self.life.customer_id} {self.life.keys}"} if "idempotencyKey" in takes.fields else {}
        place = len(self.log)
        self.log.append(f"{mutation} {arguments}")  # before the call, which may fail
        payload = (await self.life.ask(self.document(mutation), self.viewer(mutation), i=key | arguments))[mutation]
        sent = Sent(mutation, arguments, payload)
        self.log[place] += f" {sent.code or 'done'}"
        return sent

    def document(self, mutation: str) -> str:
        gives = get_named_type(self.life.schema.mutation_type.fields[mutation].type).fields
        shows = [f"{name} {{ id }}" for name in ("subscription", "invoice", "payment") if name in gives]
        return f"mutation M($i: {self.input_of(mutation).name}!) {{ {mutation}(input: $i) {{ {' '.join(shows)} userErrors {{ code path message }} }} }}"

    def input_of(self, mutation: str) -> GraphQLInputObjectType:
        input_type = get_named_type(self.life.schema.mutation_type.fields[mutation].args["input"].type)
        assert isinstance(input_type, GraphQLInputObjectType)
        return input_type

    def viewer(self, mutation: str) -> Viewer:
        permission = permission_of(self.life.schema.mutation_type, mutation)
        return STAFF if permission is not None and Actor.CUSTOMER not in permission.kinds else self.life.viewer

    async def arguments(self, mutation: str) -> dict[str, Any] | None:
        """Return all required and half of the optional arguments; None if no object exists for a required id, or a type is unknown."""
        if mutation in OF_SCHEDULES:
            return await self.schedule_arguments(mutation)
        arguments: dict[str, Any] = {}
        for name, item in self.input_of(mutation).fields.items():
            is_needed = is_required_input_field(item)
            if name in OF_THE_CALL or not (is_needed or name in SUBJECTS or self.chance.random() < 0.5):
                continue
            value = await self.value(name, item.type)
            if value is None and is_needed:
                return None
            if value is not None and (is_needed or name != "paymentMethodId" or self.chance.random() < 0.3):
                arguments[name] = value
        if mutation == "extendDueDate" and arguments.keys() >= ONE_OF:
            del arguments[self.chance.choice(sorted(ONE_OF))]
        return arguments

    async def schedule_arguments(self, mutation: str) -> dict[str, Any] | None:
        """Return the arguments of a mutation of a payment schedule. A few of the values are refused."""
        chance = self.chance
        if mutation == "createPaymentSchedule":
            subscriptions = await self.identifiers("subscriptionId")
            return {
                "customerId": self.life.customer_id,
                "name": "By chance",
                "currency": self.currency,
                "invoicing": chance.choice(["NONE", "COLLECTIVE", "PER_INSTALLMENT", "PER_INSTALLMENT"]),
                "collection": chance.choice(["AUTOMATIC", "AUTOMATIC", "MANUAL"]),
                "installments": sorted((self._installment() for _ in range(chance.randint(1, 4))), key=lambda one: one["dueOn"]),
                "backdated": chance.random() < 0.9,
                **({"subscriptionId": chance.choice(subscriptions)} if subscriptions and chance.random() < 0.3 else {}),
            }
        schedules = await self.life.rows("payment_schedule")
        if not schedules or (mutation == "cancelPaymentSchedule" and chance.random() < 0.5):
            return None
        schedule = chance.choice(schedules)
        if mutation == "cancelPaymentSchedule":
            return {"paymentScheduleId": schedule["id"]}
        installments = [row["id"] for row in await self.life.rows("installment", f"and schedule_id = '{schedule['id']}'")]
        touched = chance.sample(installments, min(len(installments), chance.randint(0, 2)))
        changed, removed = touched[:1], touched[1:]
        return {
            "paymentScheduleId": schedule["id"],
            "expectedVersion": schedule["version"],
            "change": [{"installmentId": identifier} | (self._installment() if chance.random() < 0.7 else {"name": "Again"}) for identifier in changed],
            "add": [self._installment() for _ in range(chance.randint(0, 1))],
            "remove": removed,
            "backdated": chance.random() < 0.9,
        }

    def _installment(self) -> dict[str, Any]:
        return {
            "dueOn": str(self.life.now.date() + timedelta(days=self.chance.randint(-3, 40))),
            "amount": decimal_text(self.chance.randint(0, 4_000), self.currency),
        }

    async def value(self, name: str, kind: Any) -> Any:
        named, chance = get_named_type(kind), self.chance
        inner = kind.of_type if is_non_null_type(kind) else kind
        if is_list_type(inner) or isinstance(named, GraphQLInputObjectType):
            return None
        if isinstance(named, GraphQLEnumType):
            return chance.choice(list(named.values))
        if named.name == "ID":
            identifiers = await self.identifiers(name)
            return chance.choice(identifiers) if identifiers else None
        by_type: dict[str, Callable[[], Any]] = {
            "Int": lambda: chance.randint(1, 3),
            "BigInt": lambda: str(chance.randint(1, 4_000)),
            "Boolean": lambda: chance.random() < 0.5,
            "DateTime": lambda: (self.life.now + timedelta(days=chance.randint(1, 300), seconds=chance.randint(0, 80_000))).isoformat(),
            "Date": lambda: str(self.life.now.date() + timedelta(days=chance.randint(0, 60))),
            "CurrencyCode": lambda: self.currency,
            "String": lambda: chance.choice(self.catalogue.codes) if "code" in name.lower() else "By chance",
        }
        return by_type[named.name]() if named.name in by_type else None

    async def identifiers(self, name: str) -> list[str]:
        """Return the ids of the customer's objects that an argument can refer to; canceled subscriptions are rare."""
        if name == "priceId":
            return list(self.catalogue.prices)
        table = {
            "subscriptionId": "subscription",
            "invoiceId": "invoice",
            "installmentId": "installment",
            "paymentMethodId": "payment_method",
            "replacementId": "payment_method",
            "paymentId": "payment",
        }.get(name)
        if table is None:
            return []
        where = (
            "and deleted_at is null"
            if table == "payment_method"
            else "and status <> 'CANCELED'"
            if table == "subscription" and self.chance.random() < 0.9
            else ""
        )
        return [row["id"] for row in await self.life.rows(table, where)]

    # Events from outside.

    async def another_card(self) -> None:
        name = self.chance.choice([*CARD_NAMES, None])
        self.log.append(f"card {name}")
        if name is None:
            await self.life.admin.execute("update payment_method set is_default = false where customer_id = $1", self.life.customer_id)
        else:
            identifier = await self.life.card(name, is_default=self.chance.random() < 0.8)
            if self.chance.random() < 0.2:
                expires_on = self.life.now.date() + timedelta(days=self.chance.choice([-1, 20]))
                await self.life.admin.execute("update payment_method set expires_on = $2 where id = $1", identifier, expires_on)

    async def processor_tells(self) -> None:
        deliveries = self.life.sandbox.deliveries(now=self.life.now)
        self.log.append(f"{len(deliveries)} events")
        for delivery in self.chance.sample(deliveries, len(deliveries)):
            event = self.life.sandbox.read_event(delivery.headers, delivery.body, now=self.life.now)
            session = self.life.context().session.for_caller(Caller(None, Actor.SYSTEM, self.life.now))
            stored = await store(session, "sandbox", event)
            if stored is not None:
                await apply_event(session, stored, by=system_writer(self.life.now, Numbering()))

    async def refund_at_processor(self) -> None:
        payments = [row for row in await self.life.rows("payment", "and status = 'SUCCEEDED'") if row["processor_reference"]]
        if payments:
            payment = self.chance.choice(payments)
            left = payment["amount_minor"] - payment["refunded_minor"]
            self.log.append(f"refund of {payment['id']}")
            if left:
                refund = RefundRequest(secrets.token_hex(8), payment["processor_reference"], self.chance.choice([left, 1]), payment["currency"])
                await self.life.sandbox.refund(refund)
            await self.processor_tells()

    async def money_goes_back(self) -> None:
        """Report a refund, a dispute or a returned debit, or a new status of one, in any order, also before the payment has settled."""
        payments = [row for row in await self.life.rows("payment", "and status <> 'FAILED'") if row["processor_reference"]]
        if not payments:
            return
        payment, (reason, status) = self.chance.choice(payments), self.chance.choice(REPORTS)
        reference = f"{reason} {payment['id'][-6:]} {self.chance.randint(1, 2)}"
        known = await self.life.rows("refund", f"and reference = '{reference}'")
        amount = known[0]["amount_minor"] if known else self.chance.choice([payment["amount_minor"], max(payment["amount_minor"] // 3, 1)])
        self.log.append(f"{reference}: {status} {amount}")
        self.life.sandbox.queue_refund_event(payment["processor_reference"], RefundReport(reference, amount, status, reason))
        await self.processor_tells()

    async def void(self) -> None:
        unpaid = await self.life.rows("invoice", "and status in ('OPEN', 'PROCESSING') and paid_minor = 0 and credited_minor = 0")
        if unpaid:
            identifier = self.chance.choice(unpaid)["id"]
            self.log.append(f"void {identifier}")
            await self.life.admin.execute("update invoice set status = 'VOID', collect_at = null, version = version + 1 where id = $1", identifier)

    async def change_tax_rate(self) -> None:
        rate = self.chance.choice([0, 77_000, 81_000, 200_000])
        self.log.append(f"tax rate {rate}")
        await self.life.admin.execute("update customer set tax_rate_ppm = $2 where id = $1", self.life.customer_id, rate)

    # States that random steps rarely reach.

    async def owe(self) -> None:
        """Create an overdue invoice of the merchant for a subscription."""
        subscriptions = await self.life.rows("subscription", "and status <> 'CANCELED'")
        if subscriptions:
            identifier = self.chance.choice(subscriptions)["id"]
            self.log.append(f"an overdue invoice of {identifier}")
            owed = await invoice(self.life, 500, due_in=-2)
            await self.life.admin.execute("update invoice set subscription_id = $2 where id = $1", owed, identifier)

    async def be_in_flight(self) -> None:
        """Begin a payment with a card whose charge does not end at once."""
        await self.life.card(self.chance.choice(["slow", "slow_decline", "requires_action", "timeout_before_capture", "out_of_order"]))
        paying = [name for name in self.mutations() if "payment" in get_named_type(self.life.schema.mutation_type.fields[name].type).fields]
        for mutation in self.chance.sample(paying, len(paying)):
            arguments = await self.arguments(mutation)
            if arguments is not None:
                arguments = {name: value for name, value in arguments.items() if name != "paymentMethodId"} | ({"when": "NOW"} if "when" in arguments else {})
                await self.call(mutation, arguments)
            if await self.life.rows("charge", "and settled_at is null"):
                return


async def for_sale(owner: asyncpg.Connection, currency: str = "USD") -> Catalogue:
    """Create plans with and without a trial, prices of each interval, with and without tax, one free price, and coupons of each kind."""
    plans, prices, codes = [new_id("plan"), new_id("plan")], [], []
    for plan, days in zip(plans, (0, 10), strict=True):
        await owner.execute("insert into plan (id, code, name, trial_days, created_at) values ($1, $1, 'A plan', $2, $3)", plan, days, START)
    for number, (interval, count) in enumerate(INTERVALS):
        for minor, behavior in ((101 + 900 * number, "EXCLUSIVE"), (2_999 * (number + 1), "INCLUSIVE"), *(((0, "EXCLUSIVE"),) if interval == "WEEK" else ())):
            prices.append(new_id("price"))
            await owner.execute(
                """insert into price (id, plan_id, currency, unit_minor, billing_interval, interval_count, tax_behavior, created_at)
                   values ($1, $2, $8, $3, $4, $5, $6, $7)""",
                prices[-1], plans[number % 2], minor, interval, count, behavior, START, currency,
            )  # fmt: skip
    for percent, minor, periods in (
        (333_333, None, 1),
        (None, 333, 3),
        (150_000, None, None),
        (1_000_000, None, 2),
        (None, 250, None),
        (1_000_000, None, None),
    ):
        codes.append(new_id("cpn").upper())
        await owner.execute(
            """insert into coupon (id, code, name, percent_off_ppm, amount_off_minor, currency, duration, duration_periods, created_at)
               values ($1, $8, 'A coupon', $2, $3, $4, $5, $6, $7)""",
            codes[-1].lower(), percent, minor, currency if minor else None, "FOREVER" if periods is None else "ONCE" if periods == 1 else "REPEATING",
            periods if periods and periods > 1 else None, START, codes[-1],
        )  # fmt: skip
    return Catalogue(tuple(prices), tuple(codes))
