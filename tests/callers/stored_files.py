"""A customer who signs in, with files of each uploader in each state, and portal links that staff make."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg

from auth.viewer import Viewer
from storage import keys
from tests.callers.identity import REDEEM, Account, PortalClient
from tests.conftest import STAFF, token
from tests.lifecycle.conftest import new_id
from tests.samples import pdf

CREATE = """mutation ($input: CreatePortalLinkInput!) { createPortalLink(input: $input) {
  link { url } expiresAt userErrors { code path } } }"""
DELETE = "mutation ($id: ID!) { deleteAttachment(input: {attachmentId: $id}) { deletedAttachmentId userErrors { code } } }"
SHOW = "query ($id: ID!) { node(id: $id) { ... on Attachment { uploadedOnBehalf availableActions { action allowed reason } } } }"
STAFF_MEMBER = replace(STAFF, client="desk", staff_id="kim@merchant.example")

UPLOADERS = {"customer": ("CUSTOMER", False), "link": ("CUSTOMER", True), "staff": ("STAFF", False)}
STATUSES = ("PENDING", "STORED", "REJECTED")


def secret_of(url: str) -> str:
    return url.partition("#token=")[2]


async def create_link(portal_client: PortalClient, account: Account, staff: Viewer = STAFF_MEMBER, **more: Any) -> str:
    """Create a portal link as staff and return its secret."""
    made = await portal_client(CREATE, token(staff), input={"customerId": account.customer_id, **more})
    return secret_of(made["link"]["url"])


async def redeem_link(portal_client: PortalClient, account: Account, staff: Viewer = STAFF_MEMBER) -> Any:
    """Create a portal link as staff, redeem it and return the tokens."""
    return (await portal_client(REDEEM, t=await create_link(portal_client, account, staff)))["tokens"]


@dataclass
class StoredFiles:
    """The files of one customer: `ids` by uploader and status. Each file has its object in the bucket of the server."""

    account: Account
    admin: asyncpg.Connection
    bucket: Path
    schedule_id: str = field(default_factory=lambda: new_id("sch"))
    ids: dict[tuple[str, str], str] = field(default_factory=dict)

    async def attach(self, uploaders: Sequence[str] = tuple(UPLOADERS), statuses: Sequence[str] = STATUSES) -> None:
        async with self.admin.transaction():
            await self.admin.execute(
                "insert into payment_schedule (customer_id, id, name, currency, invoicing, status, total_minor, created_at) "
                "values ($1, $2, 'A plan', 'EUR', 'NONE', 'ACTIVE', 100, now())",
                self.account.customer_id,
                self.schedule_id,
            )
            await self.admin.execute(
                "insert into installment (customer_id, id, schedule_id, currency, position, name, due_on, amount_minor, status) "
                "values ($1, $2, $3, 'EUR', 1, 'First', '2030-01-01', 100, 'DUE')",
                self.account.customer_id,
                new_id("ins"),
                self.schedule_id,
            )
        for uploader in uploaders:
            for status in statuses:
                await self._attach(uploader, status)

    async def _attach(self, uploader: str, status: str) -> None:
        identifier, owner = new_id("att"), self.account.customer_id
        key = keys.incoming(owner, identifier) if status != "STORED" else keys.stored(owner, identifier, secrets.token_hex(8))
        path = self.bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pdf())
        await self.admin.execute(
            """insert into attachment (customer_id, id, schedule_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader,
                                       uploaded_at, uploaded_on_behalf)
               values ($1, $2, $3, 'grp_x', 'a.pdf', 'application/pdf', $4, $5, $6, $7, $8, 'x', now(), $9)""",
            owner, identifier, self.schedule_id, len(pdf()), hashlib.sha256(pdf()).hexdigest(), key, status, *UPLOADERS[uploader],
        )  # fmt: skip
        self.ids[uploader, status] = identifier

    async def rows_with_digests(self) -> dict[str, tuple[Any, ...]]:
        """Return each row with the digest of its object (None without an object), by id."""
        rows = await self.admin.fetch("select * from attachment where customer_id = $1", self.account.customer_id)
        return {row["id"]: (*row, _digest(self.bucket / row["object_key"])) for row in rows}

    async def remove(self) -> None:
        """Delete the files as the customer, the only caller who may."""
        async with self.admin.transaction():
            await self.admin.execute(f"set local app.actor = 'CUSTOMER'; set local app.customer_id = '{self.account.customer_id}'")
            for table, column in (("attachment", "schedule_id"), ("installment", "schedule_id"), ("payment_schedule", "id")):
                await self.admin.execute(f"delete from {table} where {column} = $1", self.schedule_id)
            if self.account.email != "ada@example.com":
                for table in ("loose_object", "idempotency_key"):
                    await self.admin.execute(f"delete from {table} where customer_id = $1", self.account.customer_id)


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
