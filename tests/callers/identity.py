"""Callers who sign in: accounts, networks to call from, and the letters that are sent."""

import asyncio
import email
import email.policy
import re
from copy import copy
from dataclasses import dataclass
from email.contentmanager import raw_data_manager
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from secrets import randbits
from time import time_ns
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from billing.ids import type_id

PASSWORD = "seven green bicycles at dawn"
ANOTHER = "eleven quiet lighthouses sing"
WRONG = "not the right one at all"
# The secret of the server under test, so that a test can make device values that are valid there.
SECRET = "a secret of the portal that is long enough"

DONE = "done userErrors { code path }"
TOKENS = "tokens { accessToken refreshToken sessionId }"
SIGN_IN = f"mutation ($input: SignInInput!) {{ signIn(input: $input) {{ {TOKENS} device userErrors {{ code message path }} }} }}"
REFRESH = f"mutation ($t: String!) {{ refreshSession(input: {{ refreshToken: $t }}) {{ {TOKENS} userErrors {{ code }} }} }}"
REDEEM = f"mutation ($t: String!) {{ redeemPortalLink(input: {{ token: $t }}) {{ {TOKENS} device landing userErrors {{ code }} }} }}"
ASK = f"mutation ($input: RequestPasswordResetInput!) {{ requestPasswordReset(input: $input) {{ {DONE} }} }}"
RESET = f"mutation ($t: String!, $p: String!) {{ resetPassword(input: {{ token: $t, newPassword: $p }}) {{ device {DONE} }} }}"
CHANGE = f"mutation ($o: String!, $n: String!) {{ changePassword(input: {{ currentPassword: $o, newPassword: $n }}) {{ device {DONE} }} }}"
CONFIRM = f"mutation ($t: String!) {{ confirmEmailChange(input: {{ token: $t }}) {{ device {DONE} }} }}"

_numbers = count()


def network() -> str:
    """Return an address in a network that no test has used yet."""
    number = next(_numbers)
    return f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"


@dataclass(frozen=True)
class Account:
    email: str
    customer_id: str


def _plain_part(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


# The content of a letter is its text; the same as HTML is beside it.
_CONTENT = copy(raw_data_manager)
_CONTENT.get_handlers = {**raw_data_manager.get_handlers, "multipart/alternative": _plain_part}
LETTERS = email.policy.default.clone(content_manager=_CONTENT)


@dataclass
class PortalClient:
    """A client of a server that trusts the header X-Forwarded-For, so that calls can come from any network."""

    http: httpx.AsyncClient
    mail: Path

    async def post(self, query: str, access: str | None = None, *, at: str | None = None, agent: bytes = b"tests", **variables: Any) -> httpx.Response:
        headers = {"X-Forwarded-For": at or network(), "User-Agent": agent} | ({"Authorization": f"Bearer {access}"} if access else {})
        return await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    async def __call__(self, query: str, access: str | None = None, *, at: str | None = None, **variables: Any) -> Any:
        """Send a document with one mutation and return its payload."""
        answer = (await self.post(query, access, at=at, **variables)).json()
        assert "errors" not in answer, answer
        (payload,) = answer["data"].values()
        return payload

    async def sign_in(self, address: str, password: str = PASSWORD, *, at: str | None = None, device: str | None = None) -> Any:
        """Sign in. Returns the payload, or the code of the error if there is no payload."""
        answer = await self.post(SIGN_IN, at=at, input={"email": address, "password": password, "device": device})
        return answer.json()["data"]["signIn"] or answer.json()["errors"][0]["extensions"]["code"]

    async def attempts(self, times: int, address: str, *, at: str | None = None, device: str | None = None) -> list[str]:
        """Sign in `times` times with a wrong password and return the codes. Each call has its own network unless `at` is one."""
        answers = [await self.sign_in(address, WRONG, at=at, device=device) for _ in range(times)]
        return [payload if isinstance(payload, str) else payload["userErrors"][0]["code"] for payload in answers]

    def letters_to(self, address: str) -> list[EmailMessage]:
        every = [email.message_from_bytes(path.read_bytes(), policy=LETTERS) for path in sorted(self.mail.glob("*.eml"))]
        return [letter for letter in every if letter["To"] == address]

    async def letters(self, address: str, number: int) -> list[EmailMessage]:
        """Return the letters to the address once there are `number` of them, with those that follow shortly after."""
        for _ in range(400):
            if len(self.letters_to(address)) >= number:
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.15)
        return self.letters_to(address)


def secret_in(letter: EmailMessage) -> str:
    return re.search(r"#token=([\w-]+)", letter.get_content())[1]


async def create_account(admin: asyncpg.Connection, hashed: str) -> Account:
    """Create a customer with an address and a password."""
    address = f"{uuid4().hex}@example.org"
    customer_id = type_id("cus", time_ns() // 1_000_000, entropy=randbits(74))
    await admin.execute("insert into customer (id, name, email, currency, created_at) values ($1, 'Grace Hopper', $2, 'EUR', now())", customer_id, address)
    await admin.execute("insert into credential values ($1, $2, $3, now(), now())", address, customer_id, hashed)
    return Account(address, customer_id)


async def delete_account(admin: asyncpg.Connection, account: Account) -> None:
    """Delete the customer. Retries while a letter that is being written refers to it."""
    for _ in range(20):
        try:
            await admin.execute("delete from client_key where owner_id = $1", account.customer_id)
            for table in (
                "calendar_link",
                "data_export",
                "loose_object",
                "idempotency_key",
                "letter_cause",
                "letter",
                "partner_grant",
                "refresh_token",
                "portal_session",
                "identity_link",
                "credential",
            ):
                await admin.execute(f"delete from {table} where customer_id = $1", account.customer_id)
            await admin.execute("delete from customer where id = $1", account.customer_id)
        except asyncpg.ForeignKeyViolationError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("something still refers to the customer")


def statements_of(answer: httpx.Response) -> tuple[tuple[str, str], ...]:
    """Return the header Server-Timing without durations: the parts of the work, and how many statements were sent."""
    return tuple(re.findall(r'(\w+);(?:desc="([^"]*)")?', answer.headers["server-timing"]))
