"""The two sides of each processor for the contract: a new adapter, and the customer's actions in its form."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import httpx

from payments.processor import ChargeRequest, MethodDetails, Payer, Processor
from payments.sandbox import Sandbox
from payments.stripe import Stripe, StripeAccount

PAYER = Payer("cus_01k8", "ada@example.com")
SECRET = "whsec_a_secret_of_tests"
KEYS = StripeAccount("sk_test_portico", "pk_test_portico", SECRET, ("card", "sepa_debit"))


class Side(Protocol):
    @property
    def processor(self) -> Processor:
        """The adapter."""

    async def fill(self, reference: str, secret: str, card: str) -> str:
        """Enter this card in the processor's form as the customer. Returns the reference that the browser then sends to us."""

    async def act(self, reference: str, secret: str) -> None:
        """Confirm the payment as the customer, as the bank requires."""

    async def moved(self, key: str) -> int:
        """Return how often money moved for a charge."""

    async def has_forgotten(self, method: MethodDetails, key: str) -> bool:
        """Whether the method is detached from its customer. `key` is the key of a charge that may be tried."""


@dataclass
class SandboxSide:
    processor: Sandbox

    async def fill(self, reference: str, secret: str, card: str) -> str:
        return f"{reference}.{card}"

    async def act(self, reference: str, secret: str) -> None:
        return None

    async def moved(self, key: str) -> int:
        return self.processor.calls("capture", key)

    async def has_forgotten(self, method: MethodDetails, key: str) -> bool:
        return (await self.processor.charge(charge_of(method, key))).decline_code == "method_unknown"


CARDS = {
    "visa": "4242424242424242",
    "generic_decline": "4000000000000341",
    "requires_action": "4000002500003155",
}
IBANS = {"sepa": "DE89370400440532013000", "sepa_returned": "DE62370400440532013001"}


@dataclass
class StripeSide:
    processor: Stripe
    address: str

    async def fill(self, reference: str, secret: str, card: str) -> str:
        """Do what Stripe's script does in the browser, with the publishable key."""
        data: dict[str, object] = {"client_secret": secret, "key": KEYS.publishable_key}
        method = (
            {"type": "sepa_debit", "sepa_debit": {"iban": IBANS[card]}}
            if card in IBANS
            else {"type": "card", "card": {"number": CARDS[card], "exp_month": 12, "exp_year": 2030, "cvc": "123"}}
        )
        await self.post(f"/v1/setup_intents/{reference}/confirm", data | {"payment_method_data": method})
        if card == "requires_action":
            await self.post(f"/v1/setup_intents/{reference}/confirm", data)
        return reference

    async def act(self, reference: str, secret: str) -> None:
        await self.post(f"/v1/payment_intents/{reference}/_authenticate", {"client_secret": secret, "key": KEYS.publishable_key, "success": True})

    async def moved(self, key: str) -> int:
        async with httpx.AsyncClient(base_url=self.address, auth=(KEYS.secret_key, "")) as client:
            charges = (await client.get("/v1/charges", params={"limit": 1000})).json()["data"]
            intents = [(await client.get(f"/v1/payment_intents/{charge['payment_intent']}")).json() for charge in charges if charge["paid"]]
        return sum(intent["metadata"].get("portico_payment") == key for intent in intents)

    async def has_forgotten(self, method: MethodDetails, key: str) -> bool:
        """Check the requests to the server, because localstripe still charges a detached method."""
        _, identifier, _ = method.method_reference.split("/")
        return f"/v1/payment_methods/{identifier}/detach" in [request["path"] for request in await self.requests()]

    async def spoil(self, fault: str, path: str, *, method: str = "POST") -> None:
        await self.post("/_wire", {"fault": fault, "path": path, "method": method})

    async def requests(self) -> list[dict[str, str]]:
        async with httpx.AsyncClient(base_url=self.address) as client:
            answer: list[dict[str, str]] = (await client.get("/_wire")).json()
        return answer

    async def post(self, path: str, data: dict[str, object]) -> None:
        async with httpx.AsyncClient(base_url=self.address) as client:
            (await client.post(path, content=json.dumps(data))).raise_for_status()


@contextmanager
def localstripe() -> Iterator[str]:
    """Run the server in a process of its own and yield its address."""
    program = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("localstripe_server.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.stdin.close()
            server.wait(10)


@asynccontextmanager
async def sandbox_side() -> AsyncIterator[SandboxSide]:
    side = SandboxSide(Sandbox(SECRET, hesitation_seconds=0.05))
    yield side
    await side.processor.close()


@asynccontextmanager
async def stripe_side(address: str) -> AsyncIterator[StripeSide]:
    side = StripeSide(Stripe(replace(KEYS, address=address, patience_seconds=0.6)), address)
    async with httpx.AsyncClient(base_url=address) as client:
        await client.delete("/_wire")
    yield side
    await side.processor.close()


async def add(side: Side, card: str, *, key: str) -> MethodDetails:
    start = await side.processor.start_setup(PAYER, key=key)
    reference = await side.fill(start.reference, start.action.client_secret, card)
    return await side.processor.finish_setup(reference, customer_id=PAYER.customer_id)


def charge_of(method: MethodDetails, key: str, *, amount_minor: int = 1299, is_off_session: bool = False) -> ChargeRequest:
    return ChargeRequest(key, PAYER.customer_id, method.method_reference, amount_minor, "EUR", is_off_session=is_off_session)
