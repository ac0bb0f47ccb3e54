"""A program of the merchant: a client with a token of staff that saves customers."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from auth.viewer import Viewer
from billing.states import Actor
from tests.conftest import token

ERRORS = "replayed userErrors { code message path details { name value } }"
CUSTOMER = """id externalId email name locale timeZone currency companyName taxId taxIds taxRate taxName isTaxExempt taxExemption metadata version closedAt sharesEmail
  billingAddress { line1 line2 city region postalCode country }"""
SAVE = f"mutation ($input: SaveCustomerInput!) {{ saveCustomer(input: $input) {{ outcome customer {{ {CUSTOMER} }} {ERRORS} }} }}"


def action(name: str) -> str:
    """Return the document of another mutation on a customer."""
    kind = "CloseCustomer" if name in ("closeCustomer", "reopenCustomer") else name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ customer {{ {CUSTOMER} }} {ERRORS} }} }}"


@dataclass
class Merchant:
    """Calls with the scopes of one client."""

    http: httpx.AsyncClient
    scopes: tuple[str, ...] = ("customers:write", "read")
    client: str = "shop"

    @property
    def access(self) -> str:
        return token(Viewer(Actor.STAFF, None, self.scopes, self.client))

    async def post(self, query: str, **variables: Any) -> Any:
        answer = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers={"Authorization": f"Bearer {self.access}"})
        return answer.json()

    async def call(self, query: str, **arguments: Any) -> Any:
        """Send a mutation and return its payload."""
        answer = await self.post(query, input=arguments)
        assert "errors" not in answer, answer
        (payload,) = answer["data"].values()
        return payload

    async def save(self, **arguments: Any) -> Any:
        return await self.call(SAVE, **arguments)

    async def new(self, **arguments: Any) -> Any:
        """Save a new customer with values for what is required, and return the customer."""
        name = f"test-{uuid4().hex}"
        payload = await self.save(**{"externalId": name, "email": f"{name}@example.org", "name": "Grace Hopper", "currency": "EUR"} | arguments)
        assert payload["outcome"] == "CREATED", payload
        return payload["customer"]


def code_of(payload: Any) -> str:
    return str(payload["userErrors"][0]["code"]) if payload["userErrors"] else "OK"


async def written(admin: asyncpg.Connection) -> list[asyncpg.Record]:
    """Return everything that a call on customers may write, with the transaction that wrote each row; refusals in the audit trail are left out."""
    rows = await admin.fetch("select xmin, c.* from customer c where external_id like 'test-%' order by id")
    for table in ("credential", "portal_session", "identity_link", "partner_grant", "subscription", "letter"):
        rows += await admin.fetch(f"select '{table}' as kind, xmin, t.* from {table} t order by 1, 3, 4")
    return [*rows, *await admin.fetch("select * from audit_event where outcome = 'OK' order by id")]
