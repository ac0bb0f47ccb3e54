"""A customer whose every text has a marker: the export has everything, and after erasing only what the law asks for has the marker."""

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from pypdf import PdfReader

from billing.ids import type_id
from db.pool import Database
from tests.auditing import violations
from tests.callers.identity import PASSWORD, RESET, WRONG, PortalClient, secret_in
from tests.callers.merchant import Merchant, action
from tests.callers.posting import attach
from tests.conftest import customer
from tests.journeys.customers.exporting import MINE, REQUEST, downloaded, worker
from tests.journeys.customers.test_erasing import ERASE
from tests.samples import pdf

INVITE = action("inviteCustomer")
LINK = "mutation ($input: CreatePortalLinkInput!) { createPortalLink(input: $input) { link { url } userErrors { code path } } }"
EMAIL = "mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { done userErrors { code path } } }"
PROFILE = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { customer { id } userErrors { code path } } }"
SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } userErrors { code } } }"
# Columns of every table, with what erasing does with them.
COLUMNS = "select relation, attribute, treatment from column_erasure order by 1, 2"
# What can be set by no mutation.
SET = (
    "update invoice set metadata = $2 where customer_id = $1",
    "update payment set metadata = $2 where customer_id = $1",
    "update payment_schedule set metadata = $2 where customer_id = $1",
    "update installment set metadata = $2 where customer_id = $1",
    "update subscription set metadata = $2 where customer_id = $1",
)
# Columns that the story marks, so that the search is known to find them.
MARKED = {
    *(
        f"customer.{name}"
        for name in ("name", "email", "company_name", "address_line1", "address_line2", "address_city", "address_region", "tax_ids", "metadata")
    ),
    *("attachment.file_name", "portal_session.user_agent", "identity_link.email", "identity_link.landing", "credential.email", "search_entry.words"),
    *(
        "payment_method.fingerprint",
        "subscription.cancel_comment",
        "subscription.metadata",
        "invoice.metadata",
        "payment.metadata",
        "payment_schedule.metadata",
    ),
    *("installment.metadata", "invoice.memo", "invoice_line.description", "payment.reference", "document_snapshot.name", "document_snapshot.email"),
    *("document_snapshot.address_line1", "balance_entry.description", "payment_schedule.name", "installment.name", "refund.note", "audit_event.actor_subject"),
}


@dataclass
class MarkedCustomer:
    """A customer with a marker in all texts, and who calls."""

    mark: str
    identifier: str
    client: PortalClient
    merchant: Merchant
    admin: asyncpg.Connection

    @property
    def address(self) -> str:
        return f"{self.mark}.mail@example.org"

    async def staff(self, name: str, /, **arguments: Any) -> Any:
        """Call a mutation of staff and return the id of the invoice, payment or schedule that it answers."""
        wanted = {"createInvoice": "invoice { id }", "recordPayment": "payment { id }", "createPaymentSchedule": "paymentSchedule { id version }"}.get(
            name, "replayed"
        )
        text = f"mutation ($input: {name[0].upper() + name[1:]}Input!) {{ {name}(input: $input) {{ {wanted} userErrors {{ code path message }} }} }}"
        payload = await self.merchant.call(text, idempotencyKey=uuid4().hex, **arguments)
        assert payload["userErrors"] == [], payload
        return payload

    async def columns(self) -> dict[str, str]:
        """Return the columns of the database that hold the marker, with what erasing does with them."""
        columns: dict[str, str] = {}
        for relation, attribute, treatment in await self.admin.fetch(COLUMNS):
            if await self.admin.fetchval(f'select exists (select 1 from {relation} t where t."{attribute}"::text ilike $1)', f"%{self.mark}%"):
                columns[f"{relation}.{attribute}"] = treatment
        return columns


@pytest.fixture
async def marked(portal_client: PortalClient, merchant: Merchant, admin: asyncpg.Connection) -> MarkedCustomer:
    mark = f"qz{uuid4().hex[:10]}"
    everything = Merchant(merchant.http, ("staff",), "office")
    address = {"line1": f"{mark} 1", "line2": f"{mark} 2", "city": f"{mark} 3", "region": f"{mark} 4", "postalCode": "10115", "country": "DE"}
    payload = await everything.save(
        externalId=f"marked-{uuid4().hex}", email=f"{mark}.mail@example.org", name=f"{mark} 5", currency="EUR", companyName=f"{mark} 6", taxIds=[f"{mark} 7"],
        billingAddress=address, metadata={"note": f"{mark} 8"},
    )  # fmt: skip
    return MarkedCustomer(mark, payload["customer"]["id"], portal_client, everything, admin)


async def tell_account(marked: MarkedCustomer) -> str:
    """Invite the customer, let them sign in and change their profile, and return the access token."""
    client = marked.client
    await marked.merchant.call(INVITE, customerId=marked.identifier)
    (letter,) = await client.letters(marked.address, 1)
    assert (await client(RESET, t=secret_in(letter), p=PASSWORD))["done"]
    await client.post(SIGN_IN, agent=f"{marked.mark} wrong".encode(), input={"email": marked.address, "password": WRONG})
    answer = await client.post(SIGN_IN, agent=f"{marked.mark} agent".encode(), input={"email": marked.address, "password": PASSWORD})
    access: str = answer.json()["data"]["signIn"]["tokens"]["accessToken"]
    assert (await client(PROFILE, access, input={"name": f"{marked.mark} renamed"}))["userErrors"] == []
    assert (await client(EMAIL, access, input={"newEmail": f"{marked.mark}.new@example.org"}))["userErrors"] == []
    link = {"customerId": marked.identifier, "landing": f"/{marked.mark}"}
    assert (await client(LINK, marked.merchant.access, input=link))["userErrors"] == []
    return access


async def tell_money(marked: MarkedCustomer) -> None:
    """Issue an invoice, attach a file, take, refund and adjust money, and agree on a schedule that is canceled."""
    mark, identifier = marked.mark, marked.identifier
    line = {"description": f"{mark} line", "quantity": 1, "unitAmount": eur("100.00"), "taxRate": "0"}
    invoice = (await marked.staff("createInvoice", customerId=identifier, lines=[line], memo=f"{mark} memo"))["invoice"]["id"]
    files = ((f"{mark}.pdf", pdf()), (f"{mark}\u202e../../..\\x.pdf", pdf()))
    assert (await attach(marked.client.http, invoice, *files, viewer=customer(identifier)))["userErrors"] == []
    paid = await marked.staff("recordPayment", invoiceId=invoice, amount=eur("100.00"), kind="BANK_TRANSFER", reference=f"{mark} transfer")
    await marked.staff("refundPayment", paymentId=paid["payment"]["id"], amount=eur("10.00"), reason="REQUESTED", comment=f"{mark} refund")
    for amount in ("5.00", "-5.00"):
        await marked.staff("adjustBalance", customerId=identifier, amount=eur(amount), reason=f"{mark} gift")
    installments = [{"name": f"{mark} part", "dueOn": "2099-01-31", "amount": "10.00"}]
    agreed = {"name": f"{mark} schedule", "currency": "EUR", "invoicing": "NONE", "installments": installments}
    schedule = (await marked.staff("createPaymentSchedule", customerId=identifier, **agreed))["paymentSchedule"]
    await marked.staff("cancelPaymentSchedule", paymentScheduleId=schedule["id"], expectedVersion=schedule["version"])


async def tell_subscription(marked: MarkedCustomer, access: str) -> None:
    """Order a plan with a card, and cancel it at once."""
    method, admin = type_id("pm", 1_800_000_000_000, entropy=7), marked.admin
    await admin.execute(
        """insert into payment_method (customer_id, id, kind, brand, last4, fingerprint, processor, processor_reference, is_default, created_at)
           values ($1, $2, 'CARD', 'visa', '4242', $3, 'sandbox', 'sandbox_00c0ffee00c0ffee_visa', true, now())""",
        marked.identifier, method, f"{marked.mark} card",
    )  # fmt: skip
    price = await admin.fetchval(
        """select p.id from price p join plan on plan.id = p.plan_id
            where p.currency = 'EUR' and not p.is_archived and p.unit_minor > 0 and plan.trial_days = 0 and not plan.is_archived limit 1"""
    )
    text = "mutation ($input: {0}Input!) {{ {1}(input: $input) {{ subscription {{ id }} userErrors {{ code path }} }} }}"
    ordered = await marked.client(text.format("AddPlan", "addPlan"), access, input={"priceId": price, "idempotencyKey": f"{marked.mark} key"})
    canceled = {
        "subscriptionId": ordered["subscription"]["id"],
        "when": "NOW",
        "reason": "OTHER",
        "comment": f"{marked.mark} why",
        "idempotencyKey": uuid4().hex,
    }
    assert (await marked.client(text.format("CancelSubscription", "cancelSubscription"), access, input=canceled))["userErrors"] == []


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def test_the_export_has_everything_and_erasing_leaves_what_the_law_asks_for(
    marked: MarkedCustomer, database: Database, mail_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    admin, identifier, makes = marked.admin, marked.identifier, worker(database, mail_dir)
    access = await tell_account(marked)
    await tell_money(marked)
    await tell_subscription(marked, access)
    for statement in SET:
        await admin.execute(statement, identifier, f'{{"note": "{marked.mark} metadata"}}')
    await admin.execute(
        """insert into audit_event (id, customer_id, actor, client, request_id, event, outcome, happened_at, actor_subject, actor_issuer)
           values ('aud_' || $2, $1, 'CUSTOMER', 'portal', '', 'updateProfile', 'OK', now(), $2, 'https://idp.example')""",
        identifier, f"{marked.mark}subject",
    )  # fmt: skip
    assert (await marked.client(REQUEST, access, key=f"{marked.mark} request"))["userErrors"] == []
    assert (await makes.make()).failures == 0
    assert MARKED - (await marked.columns()).keys() == set(), "the search finds what was told"
    await assert_exported(marked, access)
    folder = mail_dir / "bucket" / "customer" / identifier
    assert len(list(folder.iterdir())) == 3, "two files and the export"
    answer = await marked.merchant.call(ERASE, customerId=identifier, idempotencyKey=uuid4().hex)
    assert answer["userErrors"] == []
    await makes.sweep()
    left = await marked.columns()
    assert {name: treatment for name, treatment in left.items() if treatment != "KEPT"} == {}
    assert left.keys() >= {"invoice_line.description", "document_snapshot.name", "payment.reference"}
    assert list(folder.iterdir()) == []
    assert await violations(admin, {identifier}) == []
    lines = [vars(record) for record in caplog.records if record.name.startswith("portico")]
    # Requests are logged with their User-Agent, which is the program's and not the customer's.
    assert [line for line in lines if marked.mark in str({name: value for name, value in line.items() if name != "user_agent"})] == []
    assert any(marked.mark in str(line) for line in lines), "the control: the search finds what is logged"


async def assert_exported(marked: MarkedCustomer, access: str) -> None:
    """Compare the ZIP with the database: rows of every table of customers, hashes of files, and PDFs that open."""
    export = (await marked.client.post(MINE, access)).json()["data"]["customer"]["dataExport"]
    archive, content = await downloaded(marked.client.http, export)
    assert content["missing"] == []
    for relation, hidden in await exported_tables(marked.admin):
        owner = "id" if relation == "customer" else "customer_id"
        rows = await marked.admin.fetch(
            f"select cast(to_jsonb(t) - cast($2 as text[]) as text) as row from {relation} t where {owner} = $1", marked.identifier, hidden
        )
        if relation in ("data_export", "loose_object", "portal_session", "letter"):  # these go on
            continue
        exported = sorted(map(canonical, content["tables"][relation]), key=str)
        stored = sorted((canonical_text(each["row"]) for each in rows), key=str)
        if relation == "event":  # of the export itself too, which is ready only afterwards
            stored = [row for row in stored if row in exported]
        assert exported == stored, relation
    assert len(content["tables"]["attachment"]) == 2
    for entry in content["files"]:
        file = archive.read(entry["path"])
        assert (hashlib.sha256(file).hexdigest(), len(file)) == (entry["sha256"], entry["sizeBytes"])
        assert ".." not in Path(entry["path"]).parts
        if entry["path"].endswith(".pdf") and entry["path"].startswith("documents/"):
            assert len(PdfReader(BytesIO(file)).pages) >= 1
    assert {entry["path"].partition("-")[0] for entry in content["files"] if "documents/" in entry["path"]} == {
        *("documents/invoice", "documents/receipt", "documents/credit", "documents/statement")
    }


async def exported_tables(admin: asyncpg.Connection) -> Iterable[tuple[str, list[str]]]:
    rows = await admin.fetch(
        """select relation, coalesce(array_agg(attribute) filter (where not is_exported), '{}') as hidden
             from column_erasure group by relation having bool_or(is_exported) order by relation"""
    )
    assert len(rows) > 25
    return [(row["relation"], row["hidden"]) for row in rows]


def canonical(row: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in row.items())


def canonical_text(row: str) -> list[tuple[str, str]]:

    return canonical(json.loads(row))
