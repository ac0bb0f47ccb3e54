"""Random histories that mix what the other models keep apart: customer, staff, banks, the processor's faults and the clock, in any currency and time zone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from graphql import get_named_type

from auth.viewer import Viewer
from billing.lifecycle.service import ServiceBegins
from billing.lifecycle.trials import TrialPolicy
from billing.money.dunning import Ending, RetryPolicy
from billing.money.money import decimal_text
from billing.money.refunds import Report
from billing.states import Actor
from schema.declarations.fields import permission_of
from tests.conftest import STAFF
from tests.lifecycle.conftest import START
from tests.lifecycle.mixed.answers import documented_codes
from tests.lifecycle.mixed.effects import check_effect, owed_before
from tests.lifecycle.mixed.sandbox import MixedSandbox
from tests.lifecycle.mixed.staff_inputs import StaffInputs, money
from tests.lifecycle.models.histories import ONE_OF, PASSING, History, Sent
from tests.lifecycle.payments.test_refunds import record_refund

ZONES = (
    "Europe/Zurich", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "America/New_York", "UTC", "Africa/Cairo",
    "America/Sao_Paulo",
)  # fmt: skip
CURRENCIES = ("USD", "EUR", "JPY", "KWD")
TAX_RATES = (0, 81_000, 190_000, 77_000, 200_000, 55_555)
# How often each mutation is sent, beside those of the schema that are not named here, which have 1.
WEIGHTS = {
    "addPlan": 3, "changePlan": 3, "updateQuantity": 2, "resumeSubscription": 2, "payInvoice": 3, "payInstallment": 3, "payAllDue": 2, "createInvoice": 2, "creditInvoice": 5,
    "refundPayment": 3, "recordPayment": 3, "adjustBalance": 1, "createPaymentSchedule": 2, "updateInstallments": 3, "cancelPaymentSchedule": 2, "saveCustomer": 2, "savePrice": 1,
    "voidInvoice": 1, "writeOffInvoice": 1, "closeCustomer": 0.2, "reopenCustomer": 0.5, "eraseCustomer": 0.1,
    "releaseImported": 0.5,
}  # fmt: skip
# Mutations that no history needs: of the catalog, but for prices, and of files.
OMITTED = {"saveCoupon", "savePlan", "uploadAttachments", "createAttachmentUploads"}
# A history sends the mutations of its theme more often, so that some of them meet on the same objects.
SUBSCRIPTIONS = {"addPlan", "changePlan", "updateQuantity", "resumeSubscription", "pauseSubscription", "applyCoupon", "withdrawPendingChange", "savePrice"}
SCHEDULES = {"createPaymentSchedule", "updateInstallments", "cancelPaymentSchedule", "payInstallment", "creditInvoice"}
INVOICES = {"createInvoice", "payInvoice", "creditInvoice", "refundPayment", "recordPayment", "writeOffInvoice"}
TIMES_IN_THEME = 4
# Customers have to be signed in for these; for staff they would name the customer.
OF_CUSTOMERS = {"addPlan", "payAllDue"}
# A customer's day may end 26 hours later in another zone.
ZONES_APART = timedelta(hours=27)

CREDITED_PAYMENTS = """
select distinct p.id, p.amount_minor
  from payment p
  join payment_allocation a on a.customer_id = p.customer_id and a.payment_id = p.id
  join invoice i on i.customer_id = a.customer_id and i.id = a.invoice_id
 where p.customer_id = $1 and p.processor = 'sandbox' and p.status = 'SUCCEEDED' and p.refunded_minor = 0 and i.noted_minor > 0
 order by p.id"""


@dataclass
class MixedHistory(StaffInputs, History):
    """A history of one customer. With `is_at_once`, calls and the clock run at the same time. `is_held`: the customer was imported and is not released."""

    is_at_once: bool = False
    is_held: bool = False
    zone_agrees_at: datetime = START
    weights: dict[str, float] | None = None

    async def begin(self, theme: set[str] | None = None) -> None:
        """Choose the merchant's settings and what the customer is. `theme`: the mutations that are frequent, by default by chance."""
        life, chance = self.life, self.chance
        life.sandbox = MixedSandbox(Random(chance.random()), 0.02 if self.is_at_once else 0)
        life.takes_parts, life.trials, life.invoice_days = chance.random() < 0.8, chance.choice(list(TrialPolicy)), chance.choice([14, 14, 0, 40])
        life.service_begins = chance.choice([ServiceBegins.MONEY, ServiceBegins.MONEY, ServiceBegins.ORDER])
        self.policy = RetryPolicy(chance.choice([(1, 3, 7, 14), (1,), (2, 5)]), chance.choice(list(Ending)))
        life.now = START + timedelta(days=chance.randint(0, 400), minutes=chance.randint(0, 1_439))
        zone, rate = chance.choice(ZONES), chance.choice(TAX_RATES)
        await life.admin.execute(
            "update customer set time_zone = $2, currency = $3, tax_rate_ppm = $4 where id = $1", life.customer_id, zone, self.currency, rate
        )
        frequent = theme or chance.choice([SUBSCRIPTIONS, SCHEDULES, SCHEDULES, INVOICES])
        self.weights = {name: WEIGHTS.get(name, 1) * (TIMES_IN_THEME if name in frequent else 1) for name in self.mutations()}
        self.log.append(f"{life.now} {zone} {self.currency} {rate} {life.service_begins} {life.trials} {life.invoice_days} {life.takes_parts} {self.policy}")

    async def step(self) -> None:
        """Let time pass, or do something, or several things at once."""
        roll = self.chance.random()
        if roll < 0.3:
            await self.advance(self.chance.choice(PASSING) + timedelta(seconds=self.chance.randint(0, 5_000)), is_clock_late=self.chance.random() < 0.2)
        elif roll < 0.5:
            await self.chance.choice(self.events())()
        elif self.is_at_once and roll < 0.8:
            await self.at_once()
        else:
            await self.call(*await self.next_call())

    def events(self) -> list[Callable[[], Awaitable[None]]]:
        return [self.another_card, self.another_card, self.processor_tells, self.money_goes_back, self.money_goes_back, self.credited_money_goes_back]

    async def credited_money_goes_back(self) -> None:
        """Let the bank take back a payment of an invoice of which staff have credited a part."""
        paid = await self.life.admin.fetch(CREDITED_PAYMENTS, self.life.customer_id)
        if paid:
            payment, reason = self.chance.choice(paid), self.chance.choice(["RETURNED", "DISPUTE"])
            report = Report(f"{reason} {len(self.log)} {self.life.customer_id}", payment["amount_minor"], "SUCCEEDED", reason)
            self.log.append(f"{report} of {payment['id']}")
            await record_refund(self.life, payment["id"], report)

    async def next_call(self) -> tuple[str, dict[str, Any]]:
        """Return a mutation and its input, which is read before it is sent, because one task at a time uses the connection that reads it."""
        assert self.weights
        while True:
            (mutation,) = self.chance.choices(list(self.weights), list(self.weights.values()))
            arguments = await self.arguments(mutation)
            if arguments is not None:
                return mutation, arguments

    async def at_once(self) -> None:
        """Send 2 to 5 calls while the clock runs, often one of them twice by the same key."""
        calls = [await self.next_call() for _ in range(self.chance.randint(2, 4))]
        if self.chance.random() < 0.5:
            mutation, arguments = calls[0]
            key = {"idempotencyKey": f"twice {len(self.log)}"} if "idempotencyKey" in self.input_of(mutation).fields else {}
            calls = [(mutation, key | arguments), *calls]
            calls[1] = calls[0]
        others = [self.tick] * (self.chance.random() < 0.5) + [self.processor_tells] * (self.chance.random() < 0.3)
        self.log.append(f"at once: {len(calls)} calls {[one.__name__ for one in others]}")
        results = await asyncio.gather(*(self.call(*call) for call in calls), *(other() for other in others), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def call(self, mutation: str, arguments: dict[str, Any]) -> Sent:
        """Send a mutation. What it may answer is documented, and what it may change of the debt is known."""
        before = None if self.is_at_once else await owed_before(self.life, mutation, arguments)
        sent = await super().call(mutation, arguments)
        assert sent.code is None or sent.code in documented_codes(self.life.schema, mutation), f"{mutation} was refused by {sent.code}: {sent.payload}"
        if before is not None and sent.code is None:
            await check_effect(self.life, before)
        if mutation == "saveCustomer" and "timeZone" in arguments:
            self.zone_agrees_at = self.life.now + ZONES_APART
        self.is_held = self.is_held and not (mutation == "releaseImported" and sent.code is None)
        return sent

    def mutations(self) -> list[str]:
        return sorted({*super().mutations(), *WEIGHTS} - OMITTED)

    def viewer(self, mutation: str) -> Viewer:
        permission = permission_of(self.life.schema.mutation_type, mutation)
        may_be_staff = permission is not None and Actor.STAFF in permission.kinds and mutation not in OF_CUSTOMERS
        return STAFF if may_be_staff and self.chance.random() < 0.2 else super().viewer(mutation)

    async def arguments(self, mutation: str) -> dict[str, Any] | None:
        inputs: dict[str, Callable[[], Awaitable[dict[str, Any] | None]]] = {
            "createInvoice": self.invoice_input,
            "creditInvoice": self.credit_input,
            "refundPayment": self.refund_input,
            "recordPayment": self.record_input,
            "adjustBalance": self.balance_input,
            "saveCustomer": partial(self.customer_input, ZONES),
            "savePrice": self.price_input,
        }
        arguments = await inputs[mutation]() if mutation in inputs else await super().arguments(mutation)
        if arguments is None or (mutation == "extendDueDate" and ONE_OF.isdisjoint(arguments)):
            return None
        return {name: value for name, value in arguments.items() if name != "customerId" or mutation not in OF_CUSTOMERS}

    async def schedule_arguments(self, mutation: str) -> dict[str, Any] | None:
        arguments = await super().schedule_arguments(mutation)
        if arguments is not None and mutation == "createPaymentSchedule":
            if arguments["invoicing"] == "NONE":
                arguments["collection"] = "MANUAL"
            if self.chance.random() < 0.3:
                arguments = {name: value for name, value in arguments.items() if name != "installments"}
                return arguments | {"equalInstallments": self.equal_installments(await self.day(-40, 20))}
        return arguments

    async def price_input(self) -> dict[str, Any]:
        existing = self.chance.choice(["KEEP", "AT_RENEWAL", "AT_RENEWAL"])
        amount = decimal_text(self.chance.choice([1, 500, 999, 2_000, 7_777]), self.currency)
        return {"id": self.chance.choice(self.catalogue.prices), "amount": amount, "existing": existing}

    async def value(self, name: str, kind: Any) -> Any:
        if name == "customerId":
            return self.life.customer_id
        if name == "externalId":  # another object has it
            return None
        if get_named_type(kind).name == "MoneyInput":
            return money(self.minor(), self.currency)
        return await super().value(name, kind)
