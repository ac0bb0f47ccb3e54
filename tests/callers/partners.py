"""The app of a partner: its registration, its grants and its calls."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from auth.secret import hash_of
from auth.viewer import Viewer
from tests.conftest import ADA, STAFF, token

SECRET = "a secret of the partner's that is long enough"
NAME = "query Name { customer { name } }\n"
TWO = "query One { customer { name } } query Two { customer { email } }"
PAUSE = "mutation Pause($input: PauseSubscriptionInput!) { pauseSubscription(input: $input) { userErrors { code } } }"
LIST = "query Orders { customer { invoices(first: 50) { nodes { id } } } }"
TEXTS = (NAME, TWO, PAUSE, LIST)


def id_of(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def manifest(*texts: str) -> str:
    return json.dumps({id_of(text): text for text in texts})


@dataclass
class Partner:
    """An app and a client of the server that it calls."""

    id: str
    http: httpx.AsyncClient
    admin: asyncpg.Connection

    async def ask(self, access: str | None = None, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def staff(self, name: str, **arguments: Any) -> Any:
        text = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ userErrors {{ code path message }} }} }}"
        return (await self.ask(token(STAFF), query=text, variables={"input": arguments})).json()["data"][name]["userErrors"]

    async def grant(self, *scopes: str, viewer: Viewer = ADA) -> str:
        text = "mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { grant { id } userErrors { code } } }"
        answer = (await self.ask(token(viewer), query=text, variables={"input": {"clientId": self.id, "scopes": list(scopes)}})).json()
        grant_id: str = answer["data"]["grantAccess"]["grant"]["id"]
        return grant_id

    async def token(self, **form: str) -> httpx.Response:
        fields = {"grant_type": "client_credentials", "client_id": self.id, "client_secret": SECRET, "customer_id": ADA.customer_id or "", **form}
        return await self.http.post("/oauth/token", data={name: value for name, value in fields.items() if value})

    async def access_token(self, *scopes: str) -> str:
        await self.grant(*(scopes or ("read",)))
        return str((await self.token()).json()["access_token"])

    async def ask_until_published(self, identifier: str, access: str) -> httpx.Response:
        """Call a persisted document until the server has loaded it, and return the answer."""
        for _ in range(100):
            answer = await self.ask(access, documentId=identifier)
            if "PERSISTED_DOCUMENT_NOT_FOUND" not in answer.text:
                return answer
            await asyncio.sleep(0.02)
        return answer


async def registered(admin: asyncpg.Connection, *, units: int = 1000, mode: str = "REQUIRED", kind: str = "PARTNER") -> str:
    identifier = "app-" + uuid4().hex[:12]
    await admin.execute(
        "insert into api_client (id, kind, name, mode, scopes, units_per_minute, created_at) values ($1, $2, 'Books', $3, $4, $5, now())",
        identifier,
        kind,
        mode,
        ["read", "subscriptions:write"],
        units,
    )
    await admin.execute("insert into client_credential (client_id, id, secret_hash, created_at) values ($1, 'first', $2, now())", identifier, hash_of(SECRET))
    return identifier
