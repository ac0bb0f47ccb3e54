"""Every root field that is throttled, found by calling all of them too often: nobody but its owner can spend what the owner has for it."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from graphql import GraphQLArgument, GraphQLEnumType, GraphQLField, GraphQLInputObjectType, GraphQLSchema, get_named_type, is_list_type, is_non_null_type
from limits import parse_many

from auth.permissions import ANYBODY
from auth.secret import hash_of
from auth.throttle import BUDGETS
from db.builtin.embedded import Urls
from schema.declarations.fields import permission_of
from tests.callers import identity
from tests.callers.identity import ANOTHER, PASSWORD, Account, PortalClient, network
from tests.callers.partners import Partner, id_of, manifest, registered
from tests.conftest import customer, token

ALLOWED = 2
TOO_OFTEN = ALLOWED + 1
THROTTLED = {
    "signIn",
    "requestPasswordReset",
    "resetPassword",
    "redeemPortalLink",
    "confirmEmailChange",
    "changePassword",
    "requestEmailChange",
    "applyCoupon",
    "addPlan",
    "previewApplyCoupon",
    "previewAddPlan",
    "payInvoice",
    "payInstallment",
    "payAllDue",
    "startAddPaymentMethod",
}
FOR_PARTNERS = {"applyCoupon", "addPlan", "previewApplyCoupon", "previewAddPlan", "payInvoice", "payInstallment", "payAllDue"}
SCALARS: dict[str, Any] = {
    "Int": 1,
    "Boolean": True,
    "BigInt": "1",
    "CurrencyCode": "EUR",
    "Decimal": "1",
    "Metadata": {"x": "x"},
    "Date": "2026-12-01",
    "DateTime": "2026-12-01T00:00:00Z",
}
# What is refused before an attempt is counted: a customer whom others than staff name, and the token of a preview that does not hold.
UNNAMED = {"customerId", "previewToken"}
# Links that hold, by what uses them.
LINKS = {"resetPassword": "PASSWORD", "redeemPortalLink": "PORTAL", "confirmEmailChange": "EMAIL"}


@pytest.fixture(scope="module", autouse=True)
def small_budgets() -> Iterator[None]:
    """Two attempts an hour of everything, so that spending them takes no longer than it has to."""
    before = {kind: dict(budgets) for kind, budgets in BUDGETS.items()}
    for budgets in BUDGETS.values():
        budgets.update({sort: parse_many(f"{ALLOWED} per 1 hour") for sort in budgets})
    yield
    BUDGETS.update(before)


@pytest.fixture(scope="module")
def sign_in_server(start_server: Callable[..., str], urls: Urls, mail_dir: Path) -> str:
    return start_server(urls.app, data_dir=mail_dir, secret=identity.SECRET, trusted_proxies=("127.0.0.0/8",))


@pytest.fixture
async def partner(portal_client: PortalClient, admin: asyncpg.Connection, graphql_schema: GraphQLSchema) -> AsyncIterator[Partner]:
    partner = Partner(await registered(admin, units=100_000), portal_client.http, admin)
    await admin.execute("update api_client set scopes = '{read,subscriptions:write,payments:write}' where id = $1", partner.id)
    texts = [text_of(name, field) for name, field in roots(graphql_schema).items() if name in FOR_PARTNERS]
    assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(*texts)) == []
    yield partner
    await admin.execute("delete from partner_grant where client_id = $1", partner.id)


def roots(schema: GraphQLSchema) -> dict[str, GraphQLField]:
    """Every root field that takes an input, but for those that take files."""
    assert schema.query_type
    assert schema.mutation_type
    every = {**schema.query_type.fields, **schema.mutation_type.fields}
    return {name: field for name, field in every.items() if "input" in field.args and name != "uploadAttachments"}


def text_of(name: str, field: GraphQLField) -> str:
    kind = "query" if name.startswith("preview") else "mutation"
    return f"{kind} Called($input: {field.args['input'].type}) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"


def filled(argument: GraphQLArgument, words: dict[str, Any]) -> Any:
    """A value for every field of an input; `words` by the names of fields, null for UNNAMED, and else whatever the type takes."""
    kind = get_named_type(argument.type)
    assert isinstance(kind, GraphQLInputObjectType)
    words = {name: None for name, field in kind.fields.items() if name in UNNAMED and not is_non_null_type(field.type)} | words
    return {name: words[name] if name in words else value_of(field.type) for name, field in kind.fields.items()}


def value_of(argument_type: Any) -> Any:
    kind = get_named_type(argument_type)
    if isinstance(kind, GraphQLEnumType):
        one: Any = next(iter(kind.values))
    elif isinstance(kind, GraphQLInputObjectType):
        one = {name: value_of(field.type) for name, field in kind.fields.items()}
    else:
        one = SCALARS.get(kind.name, "x")
    inner = getattr(argument_type, "of_type", argument_type)
    return [one] if is_list_type(argument_type) or is_list_type(inner) else one


def codes(answer: httpx.Response) -> set[str]:
    return {error["extensions"]["code"] for error in answer.json().get("errors", [])}


async def call(portal_client: PortalClient, schema: GraphQLSchema, name: str, access: str | None = None, *, at: str, **words: Any) -> set[str]:
    field = roots(schema)[name]
    return codes(await portal_client.post(text_of(name, field), access, at=at, input=filled(field.args["input"], words)))


def needs_no_token(schema: GraphQLSchema, name: str) -> bool:
    assert schema.mutation_type
    return permission_of(schema.mutation_type, name) is ANYBODY


async def test_these_and_no_others_are_throttled(portal_client: PortalClient, account: Account, graphql_schema: GraphQLSchema) -> None:
    """One caller calls each field too often; a field that begins to be throttled has to be added to the list, and so to the test below."""
    home, throttled = network(), set()
    for name in roots(graphql_schema):
        access = None if needs_no_token(graphql_schema, name) else token(customer(account.customer_id))
        answers = [await call(portal_client, graphql_schema, name, access, at=home, email=account.email, newEmail="new@example.org") for _ in range(TOO_OFTEN)]
        assert "BAD_USER_INPUT" not in set().union(*answers), name
        throttled |= {name} if "THROTTLED" in answers[-1] else set()
    assert throttled == THROTTLED


@pytest.mark.parametrize("name", sorted(THROTTLED))
async def test_what_others_spend_throttles_no_owner(
    portal_client: PortalClient, account: Account, other: Account, partner: Partner, admin: asyncpg.Connection, graphql_schema: GraphQLSchema, name: str
) -> None:
    home = network()
    is_public = needs_no_token(graphql_schema, name)
    signed_in = await portal_client.sign_in(account.email)
    words = {"email": account.email, "newEmail": "new@example.org"}
    for at in (home, network()):
        for access in (None,) if is_public else (None, token(customer(other.customer_id))):
            for _ in range(TOO_OFTEN):
                await call(portal_client, graphql_schema, name, access, at=at, **words)
    if name in FOR_PARTNERS:
        await partner.grant("read", "subscriptions:write", "payments:write", viewer=customer(account.customer_id))
        acting = (await partner.token(customer_id=account.customer_id)).json()["access_token"]
        identifier, arguments = id_of(text_of(name, roots(graphql_schema)[name])), filled(roots(graphql_schema)[name].args["input"], {})
        await partner.ask_until_published(identifier, acting)
        answers = [await partner.ask(acting, documentId=identifier, variables={"input": arguments}) for _ in range(TOO_OFTEN)]
        assert codes(answers[-1]) == {"THROTTLED"}, "the app has a budget, and has spent it"
    words |= {"password": PASSWORD, "newPassword": ANOTHER, "currentPassword": PASSWORD, "device": signed_in["device"]}
    if name in LINKS:
        words["token"] = f"the secret for {account.email}"
        await admin.execute(
            "insert into identity_link (secret_hash, customer_id, kind, email, made_by, created_at, expires_at) values ($1, $2, $3, $4, '', now(), now() + interval '1 hour')",
            hash_of(words["token"]),
            account.customer_id,
            LINKS[name],
            f"new-{account.email}" if LINKS[name] == "EMAIL" else None,
        )
    access = None if is_public else signed_in["tokens"]["accessToken"]
    assert "THROTTLED" not in await call(portal_client, graphql_schema, name, access, at=home, **words)


async def test_wrong_secrets_of_others_keep_no_partners_app_from_its_tokens(partner: Partner, account: Account) -> None:
    await partner.grant("read", viewer=customer(account.customer_id))
    answers = [await partner.token(customer_id=account.customer_id, client_secret="wrong") for _ in range(TOO_OFTEN)]
    assert [answer.status_code for answer in answers] == [401] * ALLOWED + [429]
    answers = [await partner.token(customer_id=account.customer_id) for _ in range(TOO_OFTEN)]
    assert [answer.status_code for answer in answers] == [200] * ALLOWED + [429], "its own budget is bounded, and was its own"
    assert int(answers[-1].headers["retry-after"]) > 0
