"""Calls that wait for the customer's lock while another call closes or erases the customer, or changes the password: nothing that lets somebody in outlives it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import randbits
from threading import Event
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from billing.ids import type_id
from db.unit_of_work import Transaction, UnitOfWork
from tests.callers.identity import ANOTHER, ASK, CHANGE, PASSWORD, Account, PortalClient
from tests.callers.merchant import Merchant
from tests.callers.partners import registered
from tests.journeys.customers.test_erasing import ERASE
from tests.journeys.customers.test_late_sign_in import CLOSE
from tests.waiting import until

EMAIL = "mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { done userErrors { code } } }"
GRANT = "mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { userErrors { code } } }"
CALENDAR = "mutation ($input: CreateCalendarLinkInput!) { createCalendarLink(input: $input) { userErrors { code } } }"
LINK = "mutation ($input: CreatePortalLinkInput!) { createPortalLink(input: $input) { link { url } userErrors { code } } }"
UPLOADS = "mutation ($input: CreateAttachmentUploadsInput!) { createAttachmentUploads(input: $input) { userErrors { code } } }"
OWNERS = "nine purple tractors hum"
# What lets somebody in, or leads to that.
LEFT = """
select 'link ' || kind from identity_link where customer_id = $1 and used_at is null
union all select 'grant' from partner_grant where customer_id = $1 and revoked_at is null
union all select 'calendar' from calendar_link where customer_id = $1
union all select 'session' from portal_session where customer_id = $1 and ended_at is null and id <> $2
union all select 'personal data' from (select customer_id from letter union all select customer_id from identity_link) l
            join customer c on c.id = l.customer_id where c.id = $1 and c.erased_at is not null"""


@dataclass
class Scene:
    """A customer with two sessions: `access` is of the one whose call is late, and `owner` of the other."""

    client: PortalClient
    merchant: Merchant
    account: Account
    access: str
    owner: str
    app: str

    async def end(self, how: str) -> Any:
        if how == "change":
            return (await self.client.post(CHANGE, self.owner, o=PASSWORD, n=OWNERS)).json()
        if how == "close":
            return await self.merchant.call(CLOSE, customerId=self.account.customer_id)
        eraser = Merchant(self.merchant.http, ("customers:erase", "read"), "privacy shop")
        return await eraser.call(ERASE, customerId=self.account.customer_id, idempotencyKey=uuid4().hex)

    def call(self, name: str) -> Awaitable[httpx.Response]:
        client, access = self.client, self.access
        calls: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
            "requestEmailChange": lambda: client.post(EMAIL, access, input={"newEmail": f"new-{self.account.email}"}),
            "grantAccess": lambda: client.post(GRANT, access, input={"clientId": self.app, "scopes": ["read"]}),
            "createCalendarLink": lambda: client.post(CALENDAR, access, input={"idempotencyKey": uuid4().hex}),
            "changePassword": lambda: client.post(CHANGE, access, o=PASSWORD, n=ANOTHER),
            "requestPasswordReset": lambda: client.post(ASK, input={"email": self.account.email}),
            "createPortalLink": lambda: client.post(
                LINK, Merchant(self.merchant.http, ("links:create", "read"), "desk").access, input={"customerId": self.account.customer_id, "send": True}
            ),
        }
        return calls[name]()


@dataclass
class Gate:
    """Stops the transaction that has ended sessions, or erased them, before its commit."""

    reached: Event
    leave: Event

    @asynccontextmanager
    async def writing(self, write: Any) -> AsyncIterator[Transaction]:
        async with write as transaction:
            names: list[str] = []
            run = transaction.run

            async def noting(name: str, /, **values: Any) -> Any:
                names.append(name)
                return await run(name, **values)

            transaction.run = noting
            yield transaction
            if {"sessions.end_others", "erasing.sessions"} & set(names) and not self.reached.is_set():
                self.reached.set()
                while not self.leave.is_set():  # noqa: ASYNC110 -- an event of another thread
                    await asyncio.sleep(0.002)


@pytest.fixture
async def scene(portal_client: PortalClient, merchant: Merchant, account: Account, admin: asyncpg.Connection) -> Scene:
    late, owner = [(await portal_client.sign_in(account.email))["tokens"]["accessToken"] for _ in range(2)]
    return Scene(portal_client, merchant, account, late, owner, await registered(admin))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate, write = Gate(Event(), Event()), UnitOfWork.write
    monkeypatch.setattr(UnitOfWork, "write", lambda self, **settings: gate.writing(write(self, **settings)))
    return gate


ENDS = {
    "close": ("requestEmailChange", "grantAccess", "createCalendarLink", "requestPasswordReset", "createPortalLink"),
    "erase": ("requestEmailChange", "grantAccess", "createCalendarLink", "requestPasswordReset", "createPortalLink"),
    "change": ("requestEmailChange", "grantAccess", "createCalendarLink", "changePassword"),
}


@pytest.mark.parametrize(("how", "name"), [(how, name) for how, names in ENDS.items() for name in names])
async def test_a_call_that_waits_meanwhile_leaves_nothing(scene: Scene, gate: Gate, admin: asyncpg.Connection, how: str, name: str) -> None:
    ender = asyncio.create_task(scene.end(how))
    await asyncio.to_thread(gate.reached.wait, 10)
    late = asyncio.ensure_future(scene.call(name))
    await asyncio.wait([late], timeout=0.5)
    gate.leave.set()
    answer, ended = await late, await ender
    assert ended.get("userErrors", []) == []
    assert "errors" not in ended
    assert "INTERNAL" not in answer.text
    session_id = await admin.fetchval("select id from portal_session where customer_id = $1 and ended_at is null", scene.account.customer_id)
    await asyncio.sleep(0.2 if name == "requestPasswordReset" else 0)  # which goes on after its answer
    assert [row[0] for row in await admin.fetch(LEFT, scene.account.customer_id, session_id if how == "change" else "")] == []
    if how == "change":
        assert (await scene.client.sign_in(scene.account.email, OWNERS))["tokens"], "the owner's password counts"


@pytest.fixture
async def invoice(account: Account, admin: asyncpg.Connection) -> AsyncIterator[str]:
    """The id of a paid invoice."""
    identifier = type_id("inv", 1_800_000_000_000, entropy=randbits(74))
    await admin.execute("set session_replication_role = replica")
    await admin.execute(
        """insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, paid_minor, paid_at, created_at)
           values ($1, $2, $2, 'MANUAL', 'PAID', 'EUR', now(), '2026-01-31', 100, 100, 100, now(), now())""",
        account.customer_id, identifier,
    )  # fmt: skip
    await admin.execute("set session_replication_role = origin")
    yield identifier
    await admin.execute("set session_replication_role = replica")
    for table in ("attachment", "invoice"):
        await admin.execute(f"delete from {table} where customer_id = $1", account.customer_id)
    await admin.execute("set session_replication_role = origin")


@pytest.mark.parametrize("is_erased", [True, False])
async def test_no_file_is_announced_for_a_customer_who_is_erased_meanwhile(
    scene: Scene, gate: Gate, admin: asyncpg.Connection, invoice: str, is_erased: bool
) -> None:
    ender = asyncio.create_task(scene.end("erase")) if is_erased else None
    if ender:
        await asyncio.to_thread(gate.reached.wait, 10)
    file = {"fileName": "Divorce.pdf", "contentType": "application/pdf", "sizeBytes": 100, "sha256": "a" * 64}
    arguments = {"parentId": invoice, "idempotencyKey": uuid4().hex, "files": [file]}
    late = asyncio.create_task(scene.client.post(UPLOADS, scene.access, input=arguments))
    await asyncio.wait([late], timeout=0.5)
    gate.leave.set()
    answer = await late
    if ender:
        assert (await ender)["userErrors"] == []
    names = await admin.fetch("select file_name from attachment where customer_id = $1", scene.account.customer_id)
    keys = await admin.fetch("select key from idempotency_key where customer_id = $1", scene.account.customer_id)
    assert (len(names), len(keys)) == ((0, 0) if is_erased else (1, 1)), answer.text


@pytest.mark.parametrize("name", sorted({name for names in ENDS.values() for name in names}))
async def test_without_what_ends_it_each_call_has_its_effect(scene: Scene, admin: asyncpg.Connection, name: str) -> None:
    """The control of the test before."""
    answer = (await scene.call(name)).json()
    assert answer["data"][name]["userErrors"] == []
    expected = {
        "requestEmailChange": "link EMAIL",
        "grantAccess": "grant",
        "createCalendarLink": "calendar",
        "requestPasswordReset": "link PASSWORD",
        "createPortalLink": "link PORTAL",
        "changePassword": "session",
    }

    async def is_left() -> bool:
        return expected[name] in {row[0] for row in await admin.fetch(LEFT, scene.account.customer_id, "")}

    if name == "requestPasswordReset":  # which goes on after its answer
        await until(is_left)
    assert await is_left()


async def test_of_two_changes_from_the_same_password_one_counts(scene: Scene) -> None:
    """Both compare the old password at the same time, in one session."""
    answers = await asyncio.gather(*(scene.client.post(CHANGE, scene.owner, o=PASSWORD, n=new) for new in (OWNERS, ANOTHER)))
    codes = [[error["code"] for error in answer.json()["data"]["changePassword"]["userErrors"]] for answer in answers]
    assert sorted(codes) == [[], ["WRONG_CREDENTIALS"]]
    (new,) = [new for new, refusals in zip((OWNERS, ANOTHER), codes, strict=True) if not refusals]
    assert (await scene.client.sign_in(scene.account.email, new))["tokens"]


async def test_two_grants_to_one_app_at_the_same_time_leave_the_later_one(scene: Scene, admin: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(scene.call("grantAccess") for _ in range(6)))
    assert [answer.json()["data"]["grantAccess"]["userErrors"] for answer in answers] == [[]] * 6
    assert await admin.fetchval("select count(*) from partner_grant where customer_id = $1 and revoked_at is null", scene.account.customer_id) == 1
