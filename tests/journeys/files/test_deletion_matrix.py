"""Permissions to delete files: every caller, every uploader, every status; and no other mutation changes a file."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from auth.jwt.issuers import OtherIssuer
from auth.jwt.keys import published
from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from tests.auth.forge import MISSING, RS, made
from tests.auth.provider import Provider, running
from tests.callers.identity import REDEEM, SECRET, Account, PortalClient, secret_in
from tests.callers.partners import Partner, id_of, manifest
from tests.callers.posting import codes
from tests.callers.stored_files import CREATE, DELETE, SHOW, STAFF_MEMBER, UPLOADERS, StoredFiles, create_link, redeem_link
from tests.conftest import ADA, STAFF, customer, token
from tests.journeys.arguments import Case, plausible_variables, root_fields
from tests.journeys.files.test_direct_uploads import Fleet
from tests.samples import pdf

ISSUER = "https://customers.example.com/"
NOT_YOURS = "NOT_YOURS_TO_DELETE"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running() as provider:
        provider.keys = published([replace(RS, kid="theirs")])["keys"]
        yield provider


@pytest.fixture(scope="module")
def sign_in_server(start_server: Callable[..., str], urls: Urls, mail_dir: Path, provider: Provider) -> str:
    """Customers can also come from another issuer."""
    others = (OtherIssuer(ISSUER, "portal", provider.url, scopes={"all": "portal"}),)
    return start_server(urls.app, data_dir=mail_dir, secret=SECRET, trusted_proxies=("127.0.0.0/8",), issuers=others)


@pytest.fixture
async def files(admin: asyncpg.Connection, account: Account, mail_dir: Path) -> AsyncIterator[StoredFiles]:
    files = StoredFiles(account, admin, mail_dir / "bucket")
    await files.attach()
    yield files
    await asyncio.sleep(0.1)  # what is done after the answer
    await files.remove()


@dataclass
class Callers:
    """The access token of each kind of caller, by name."""

    portal_client: PortalClient
    account: Account
    other: Account

    async def token(self, name: str) -> str:
        return await getattr(self, name)()

    async def signed_in(self) -> str:
        return str((await self.portal_client.sign_in(self.account.email))["tokens"]["accessToken"])

    async def signed_in_by_a_returned_link(self) -> str:
        return str((await redeem_link(self.portal_client, self.account))["accessToken"])

    async def refreshed_after_a_returned_link(self) -> str:
        text = "mutation ($t: String!) { refreshSession(input: {refreshToken: $t}) { tokens { accessToken } } }"
        return str((await self.portal_client(text, t=(await redeem_link(self.portal_client, self.account))["refreshToken"]))["tokens"]["accessToken"])

    async def signed_in_by_a_sent_link(self) -> str:
        """Which staff got as well."""
        await create_link(self.portal_client, self.account, send=True)
        (letter,) = await self.portal_client.letters(self.account.email, 1)
        return str((await self.portal_client(REDEEM, t=secret_in(letter)))["tokens"]["accessToken"])

    async def signed_in_by_a_mailed_link(self) -> str:
        await self.portal_client(CREATE, token(STAFF), input={"customerId": self.account.customer_id, "delivery": "MAIL"})
        (letter,) = await self.portal_client.letters(self.account.email, 1)
        return str((await self.portal_client(REDEEM, t=secret_in(letter)))["tokens"]["accessToken"])

    async def without_a_session(self) -> str:
        return token(customer(self.account.customer_id))

    async def of_the_command_line(self) -> str:
        return token(replace(customer(self.account.customer_id), acting_party="portico-cli"))

    async def of_another_issuer(self, **claims: Any) -> str:
        named = {"iss": ISSUER, "aud": "portal", "sub": self.account.customer_id, "scope": "all", "azp": "web", "kind": MISSING, "client_id": MISSING}
        return made(named | claims, key=replace(RS, kid="theirs"))

    async def of_another_issuer_with_an_actor(self) -> str:
        return await self.of_another_issuer(act={"sub": "agent|7"})

    async def of_another_issuer_with_an_unreadable_actor(self) -> str:
        return await self.of_another_issuer(act=["agent"])

    async def the_other_customer(self) -> str:
        return str((await self.portal_client.sign_in(self.other.email))["tokens"]["accessToken"])

    async def staff(self) -> str:
        return token(STAFF_MEMBER)

    async def a_service(self) -> str:
        return token(Viewer(Actor.STAFF, None, ("read", "attachments:write"), "erp"))


# The answer of `deleteAttachment` for files of a customer and of staff; None for success.
PROVED, UNPROVED = (None, NOT_YOURS), ("SIGN_IN_REQUIRED", NOT_YOURS)
CALLERS: dict[str, tuple[str | None, str | None]] = {
    "signed_in": PROVED,
    "signed_in_by_a_mailed_link": PROVED,
    "without_a_session": PROVED,
    "of_another_issuer": PROVED,
    "signed_in_by_a_returned_link": UNPROVED,
    "refreshed_after_a_returned_link": UNPROVED,
    "signed_in_by_a_sent_link": UNPROVED,
    "of_the_command_line": UNPROVED,
    "of_another_issuer_with_an_actor": UNPROVED,
    "of_another_issuer_with_an_unreadable_actor": UNPROVED,
    "the_other_customer": ("NOT_FOUND", "NOT_FOUND"),
    "staff": (NOT_YOURS, None),
    "a_service": (NOT_YOURS, None),
}


@pytest.fixture
def callers(portal_client: PortalClient, account: Account, other: Account) -> Callers:
    return Callers(portal_client, account, other)


@pytest.mark.parametrize("name", CALLERS)
async def test_a_file_is_deleted_by_its_own_side_alone_and_by_customers_who_signed_in(callers: Callers, files: StoredFiles, name: str) -> None:
    access, before, deleted = await callers.token(name), await files.rows_with_digests(), set()
    for (uploader, status), identifier in files.ids.items():
        expected = CALLERS[name][UPLOADERS[uploader][0] == "STAFF"]
        node = (await callers.portal_client.post(SHOW, access, id=identifier)).json()["data"]["node"]
        if expected == "NOT_FOUND":
            assert node is None
        else:
            assert node["availableActions"][0] == {"action": "DELETE", "allowed": expected is None, "reason": expected}, (uploader, status)
            assert node["uploadedOnBehalf"] is UPLOADERS[uploader][1]
        answer = await callers.portal_client(DELETE, access, id=identifier)
        assert [error["code"] for error in answer["userErrors"]] == ([expected] if expected else []), (uploader, status)
        deleted |= {identifier} if expected is None else set()
    assert len(deleted) in (0, 3, 6)
    after = await files.rows_with_digests()
    assert after == {identifier: row for identifier, row in before.items() if identifier not in deleted}
    assert all(row[-1] is not None for row in after.values()), "an object is gone"
    for _ in range(40):  # deleted objects are removed after the answer
        if not (left := [identifier for identifier in deleted if list(files.bucket.rglob(f"{identifier}*"))]):
            break
        await asyncio.sleep(0.05)
    assert left == []


async def test_events_name_whom_the_token_of_another_issuer_names(callers: Callers, files: StoredFiles) -> None:
    for access in (await callers.of_another_issuer(), await callers.of_another_issuer_with_an_actor()):
        await callers.portal_client(DELETE, access, id=files.ids["staff", "STORED"])
    columns = "actor_subject, actor_issuer, acting_subject, acting_issuer, acting_client"
    rows = await files.admin.fetch(
        f"select {columns} from audit_event where customer_id = $1 and event = 'deleteAttachment' order by id", files.account.customer_id
    )
    own = (files.account.customer_id, ISSUER)
    assert sorted(map(tuple, rows), key=str) == sorted([(*own, None, None, None), (*own, "agent|7", ISSUER, None)], key=str)


TOUCHING = [case for case in root_fields() if case.operation == "mutation" and case.name != "deleteAttachment"]
# They end the session, and with it all other calls.
ENDING = ("endSession", "signOut", "signOutEverywhere")


def takes_an_attachment(case: Case) -> bool:
    return any("attachment" in str(name).lower() for path, _ in case.leaves() for name in path)


def test_two_mutations_take_the_id_of_an_attachment() -> None:
    """Another one would have to be thought of in this module."""
    assert {case.name for case in TOUCHING if takes_an_attachment(case)} == {"completeAttachmentUploads"}


@pytest.mark.parametrize("name", ["signed_in_by_a_returned_link", "the_other_customer", "staff", "signed_in"])
async def test_no_other_mutation_touches_a_file(callers: Callers, files: StoredFiles, name: str) -> None:
    """Also not the one that completes uploads: what is stored stays, whoever calls. What was announced and is as it was announced becomes what was announced."""
    access, before = await callers.token(name), await files.rows_with_digests()
    kind = Actor.STAFF if name == "staff" else Actor.CUSTOMER
    cases = [case for case in TOUCHING if case.permission and kind in case.permission.kinds and case.permission.scope and case.name not in ENDING]
    assert len(cases) > (8 if kind is Actor.STAFF else 20)
    for held in (("customer", "STORED"), ("customer", "REJECTED"), ("link", "STORED")):
        owner = dict.fromkeys(("subscriptionId", "priceId", "paymentMethodId", "paymentId", "installmentId"), "") | {
            "customerId": files.account.customer_id,
            "invoiceId": files.schedule_id,
            "attachmentId": files.ids[held],
        }
        for case in cases if held == ("customer", "STORED") else filter(takes_an_attachment, cases):
            await callers.portal_client.post(case.text(), access, **plausible_variables(case, owner))
    after = await files.rows_with_digests()
    assert {identifier: after.get(identifier) for identifier in before} == before


async def test_by_a_link_of_staff_no_bytes_of_the_customer_are_exchanged(callers: Callers, files: StoredFiles) -> None:
    """Neither while they wait to be completed, nor afterwards: by the address of the upload, by the same key again, or by an address for another object."""
    fleet = Fleet(callers.portal_client.http, files.schedule_id)
    mine, other_bytes = customer(files.account.customer_id), pdf().replace(b"Catalog", b"CATALOG")
    theirs = replace(mine, acting_party="desk")
    (upload,) = (await fleet.announce(("a.pdf", pdf()), key="mine", viewer=mine))["uploads"]
    identifier = upload["attachment"]["id"]
    assert (await fleet.send(upload, pdf())).status_code == 204
    done = await fleet.complete(identifier, viewer=theirs)
    assert done["attachments"][0]["status"] == "STORED", "completing what was announced changes nothing of it"
    before = await files.rows_with_digests()
    again = await fleet.announce(("a.pdf", pdf()), key="mine", viewer=theirs)
    assert (again["replayed"], again["uploads"]) == (True, [])
    assert (await fleet.send(upload, other_bytes)).status_code == 204, "the address holds for a while"
    live = await files.admin.fetchval("select object_key from attachment where id = $1", identifier)
    assert (await fleet.send(upload, other_bytes, key=live)).status_code == 403
    assert (await fleet.complete(identifier, viewer=theirs))["attachments"][0]["sha256"] == hashlib.sha256(pdf()).hexdigest()
    after = await files.rows_with_digests()
    assert after[identifier] == before[identifier]
    assert after[identifier][-1] == hashlib.sha256(pdf()).hexdigest()


async def test_by_a_link_of_staff_nobody_gets_the_address_to_which_the_customer_sent_a_file(callers: Callers, files: StoredFiles) -> None:
    """Whoever knows the key of an announcement could send other bytes there before it is completed, and the customer's file would be rejected."""
    fleet = Fleet(callers.portal_client.http, files.schedule_id)
    mine = customer(files.account.customer_id)
    theirs = replace(mine, acting_party="desk")
    by_link = (await redeem_link(callers.portal_client, files.account))["sessionId"]
    (upload,) = (await fleet.announce(("a.pdf", pdf()), key="mine", viewer=mine))["uploads"]
    assert (await fleet.send(upload, pdf())).status_code == 204
    for viewer in (theirs, replace(mine, session_id=by_link)):  # by the token, and by the row of its session
        refused = await fleet.announce(("a.pdf", pdf()), key="mine", viewer=viewer)
        assert (refused["uploads"], codes(refused)) == (None, ["SIGN_IN_REQUIRED"])
    assert len((await fleet.announce(("a.pdf", pdf()), key="mine", viewer=mine))["uploads"]) == 1, "the control"
    # What was announced by the link, both may send.
    for viewer in (theirs, theirs, mine):
        assert len((await fleet.announce(("b.pdf", pdf()), key="theirs", viewer=viewer))["uploads"]) == 1
    assert (await fleet.complete(upload["attachment"]["id"], viewer=mine))["attachments"][0]["status"] == "STORED"


async def test_what_is_uploaded_by_a_link_of_staff_is_the_customers_and_says_so(callers: Callers, files: StoredFiles) -> None:
    fleet = Fleet(callers.portal_client.http, files.schedule_id)
    said = {}
    for number, viewer in enumerate((customer(files.account.customer_id), replace(customer(files.account.customer_id), acting_party="desk"), STAFF)):
        (upload,) = (await fleet.announce(("a.pdf", pdf()), key=f"{number}", viewer=viewer))["uploads"]
        row = await files.admin.fetchrow("select uploaded_by, uploaded_on_behalf from attachment where id = $1", upload["attachment"]["id"])
        said[number] = tuple(row)
    assert said == {0: ("CUSTOMER", False), 1: ("CUSTOMER", True), 2: ("STAFF", False)}


async def test_a_partners_app_deletes_nothing_whatever_its_scopes(partner: Partner, admin: asyncpg.Connection, data_dir: Path) -> None:
    """Scopes that no customer can grant: only an error of ours would give them."""
    files = StoredFiles(Account("ada@example.com", ADA.customer_id or ""), admin, data_dir / "bucket")
    await files.attach()
    try:
        assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(DELETE)) == []
        grant = await partner.grant("read")
        access = token(Viewer(Actor.PARTNER, ADA.customer_id, ("read", "attachments:write"), partner.id, grant))
        await partner.ask_until_published(id_of(DELETE), access)
        before = await files.rows_with_digests()
        for identifier in files.ids.values():
            answer = (await partner.ask(access, documentId=id_of(DELETE), variables={"id": identifier})).json()
            assert [error["code"] for error in answer["data"]["deleteAttachment"]["userErrors"]] == [NOT_YOURS]
        assert await files.rows_with_digests() == before
    finally:
        await files.remove()
