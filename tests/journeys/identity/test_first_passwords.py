"""A customer without a password chooses the first one by a letter, and in no other way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from auth.jwt.issuers import OtherIssuer
from auth.secret import hash_of
from db.builtin.embedded import Urls
from mail.letters import Letter
from tests.callers import identity
from tests.callers.identity import ANOTHER, ASK, CHANGE, PASSWORD, REDEEM, RESET, SECRET, Account, PortalClient, secret_in, statements_of
from tests.conftest import STAFF, token
from tests.waiting import until

CREATE = "mutation ($c: ID!) { createPortalLink(input: { customerId: $c }) { link { url } userErrors { code } } }"
MOVE = "mutation ($e: String!) { requestEmailChange(input: { newEmail: $e }) { done userErrors { code } } }"
DONE = {"data": {"requestPasswordReset": {"done": True, "userErrors": []}}}
LINK = """insert into identity_link (secret_hash, customer_id, kind, made_by, created_at, expires_at) values ($1, $2, 'PASSWORD', '', now(), now() + interval '1 hour')"""


@pytest.fixture
async def newcomer(admin: asyncpg.Connection) -> AsyncIterator[Account]:
    """A customer of their own who has a row and no credential."""
    opened = await identity.create_account(admin, "x")
    await admin.execute("delete from credential where customer_id = $1", opened.customer_id)
    yield opened
    await identity.delete_account(admin, opened)


async def ask(portal_client: PortalClient, address: str) -> httpx.Response:
    return await portal_client.post(ASK, input={"email": address})


async def first_letter(portal_client: PortalClient, account: Account) -> str:
    """The secret in the one letter of first choice."""
    await ask(portal_client, account.email)
    (letter,) = await portal_client.letters(account.email, 1)
    return secret_in(letter)


async def credentials(admin: asyncpg.Connection, account: Account) -> list[str]:
    return [record["email"] for record in await admin.fetch("select email from credential where customer_id = $1", account.customer_id)]


async def enter_by_link(portal_client: PortalClient, account: Account) -> str:
    """The access token of who opens a portal link that staff were given."""
    url = (await portal_client(CREATE, token(STAFF), c=account.customer_id))["link"]["url"]
    redeemed = await portal_client(REDEEM, t=url.partition("#token=")[2])
    assert redeemed["device"] is None
    return str(redeemed["tokens"]["accessToken"])


def code_of(payload: dict[str, list[dict[str, str]]]) -> str:
    return payload["userErrors"][0]["code"] if payload["userErrors"] else "OK"


async def test_the_letter_leads_to_the_first_password_which_signs_in(portal_client: PortalClient, newcomer: Account, admin: asyncpg.Connection) -> None:
    await admin.execute("update customer set email = upper(email) where id = $1", newcomer.customer_id)
    assert (await ask(portal_client, newcomer.email)).json() == DONE
    (letter,) = await portal_client.letters(newcomer.email.upper(), 1)
    assert letter["Subject"].startswith("Choose your first password for ")
    assert "https://portal.example/reset-password#token=" in letter.get_content()
    assert await credentials(admin, newcomer) == []
    assert code_of(await portal_client(RESET, t=secret_in(letter), p="short")) == "WEAK_PASSWORD"
    assert (await portal_client(RESET, t=secret_in(letter), p=PASSWORD))["done"] is True
    assert await credentials(admin, newcomer) == [newcomer.email]
    assert (await portal_client.sign_in(newcomer.email))["tokens"]
    assert code_of(await portal_client(RESET, t=secret_in(letter), p=ANOTHER)) == "LINK_INVALID"
    events = await admin.fetch("select event, outcome from audit_event where customer_id = $1 order by id", newcomer.customer_id)
    assert [tuple(record) for record in events] == [("requestPasswordReset", "OK"), ("resetPassword", "OK"), ("signIn", "OK")]
    await ask(portal_client, newcomer.email)
    (again,) = [letter for letter in await portal_client.letters(newcomer.email.upper(), 3) if letter["Subject"].startswith("Choose a new password")]
    assert secret_in(again) != secret_in(letter), "from now on it is a reset"


async def test_requests_at_once_and_later_ones_send_one_letter(portal_client: PortalClient, newcomer: Account) -> None:
    await asyncio.gather(*(ask(portal_client, newcomer.email) for _ in range(6)))
    await ask(portal_client, newcomer.email)
    assert len(await portal_client.letters(newcomer.email, 1)) == 1


async def test_the_answer_does_not_tell_who_has_a_password_or_an_account(portal_client: PortalClient, newcomer: Account, account: Account) -> None:
    answers = [await ask(portal_client, address) for address in (newcomer.email, account.email, f"{uuid4().hex}@example.org")]
    assert len({answer.text for answer in answers}) == 1
    assert len({statements_of(answer) for answer in answers}) == 1
    assert await portal_client.letters(newcomer.email, 1)
    tried = [await portal_client.sign_in(address, identity.WRONG) for address in (newcomer.email, account.email)]
    assert [code_of(payload) for payload in tried] == ["WRONG_CREDENTIALS"] * 2


@pytest.mark.parametrize("has_password", [False, True])
async def test_of_two_links_used_at_once_one_sets_the_password_and_the_other_is_void(
    portal_client: PortalClient, newcomer: Account, account: Account, admin: asyncpg.Connection, has_password: bool
) -> None:
    owner = account if has_password else newcomer
    for round_ in range(3):
        secrets = [f"{owner.email} {round_} {number}" for number in range(4)]
        await admin.executemany(LINK, [(hash_of(secret), owner.customer_id) for secret in secrets])
        answers = await asyncio.gather(*(portal_client.post(RESET, t=secret, p=f"{ANOTHER} {number}") for number, secret in enumerate(secrets)))
        codes = [code_of(answer.json()["data"]["resetPassword"]) for answer in answers]
        assert sorted(codes) == ["LINK_INVALID"] * 3 + ["OK"]
        assert (await portal_client.sign_in(owner.email, f"{ANOTHER} {codes.index('OK')}"))["tokens"]
    assert await credentials(admin, owner) == [owner.email]


async def test_an_earlier_letter_is_void_once_there_is_a_password(portal_client: PortalClient, newcomer: Account, admin: asyncpg.Connection) -> None:
    secret = await first_letter(portal_client, newcomer)
    await admin.execute(LINK, hash_of(f"other {secret}"), newcomer.customer_id)
    assert code_of(await portal_client(RESET, t=f"other {secret}", p=PASSWORD)) == "OK"
    assert code_of(await portal_client(RESET, t=secret, p=ANOTHER)) == "LINK_INVALID"
    assert (await portal_client.sign_in(newcomer.email))["tokens"]


async def test_a_letter_outlives_neither_its_customer_nor_another_account_at_the_address(
    portal_client: PortalClient, newcomer: Account, account: Account, admin: asyncpg.Connection
) -> None:
    secret = await first_letter(portal_client, newcomer)
    await admin.execute("update credential set email = $1 where customer_id = $2", newcomer.email, account.customer_id)
    assert code_of(await portal_client(RESET, t=secret, p=PASSWORD)) == "LINK_INVALID", "an address signs in to one account"
    assert await credentials(admin, newcomer) == []
    await admin.execute("update credential set email = $1 where customer_id = $2", account.email, account.customer_id)
    await admin.execute("delete from identity_link where customer_id = $1", newcomer.customer_id)
    assert code_of(await portal_client(RESET, t=secret, p=PASSWORD)) == "LINK_INVALID"
    await admin.execute(
        "insert into identity_link (secret_hash, customer_id, kind, made_by, created_at, expires_at) "
        "values ($1, $2, 'PASSWORD', '', now(), now() + interval '1 hour')",
        hash_of(secret),
        newcomer.customer_id,
    )
    assert code_of(await portal_client(RESET, t=secret, p=PASSWORD)) == "OK"


@pytest.mark.parametrize("has_password", [False, True])
async def test_a_letter_to_an_address_that_the_merchant_has_corrected_since_sets_no_password(
    portal_client: PortalClient, newcomer: Account, account: Account, admin: asyncpg.Connection, has_password: bool
) -> None:
    owner = account if has_password else newcomer
    await ask(portal_client, owner.email)
    (letter,) = await portal_client.letters(owner.email, 1)
    before = await admin.fetch("select email, password_hash from credential where customer_id = $1", owner.customer_id)
    await admin.execute("update customer set email = 'corrected-' || email where id = $1", owner.customer_id)
    assert code_of(await portal_client(RESET, t=secret_in(letter), p=ANOTHER)) == "LINK_INVALID"
    assert await admin.fetch("select email, password_hash from credential where customer_id = $1", owner.customer_id) == before
    await admin.execute("update customer set email = $2 where id = $1", owner.customer_id, owner.email)
    assert code_of(await portal_client(RESET, t=secret_in(letter), p=ANOTHER)) == "OK", "the control"


async def test_customers_who_share_an_address_get_no_letter(
    portal_client: PortalClient, newcomer: Account, account: Account, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await admin.execute("update customer set shares_email = true where id = any($1)", [newcomer.customer_id, account.customer_id])
    await admin.execute("update customer set email = $1 where id = $2", newcomer.email, account.customer_id)
    await admin.execute("delete from credential where customer_id = $1", account.customer_id)
    assert (await ask(portal_client, newcomer.email)).json() == DONE

    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "portico.identity"]

    await until(lambda: asyncio.sleep(0, said()))  # it goes on after its answer
    assert await portal_client.letters(newcomer.email, 0) == []
    assert len(said()) == 1
    assert newcomer.email not in said()[0]
    await admin.execute("update customer set shares_email = false where id = $1", newcomer.customer_id)
    await ask(portal_client, newcomer.email)
    assert len(await portal_client.letters(newcomer.email, 1)) == 1


async def test_a_portal_link_opens_no_way_to_a_password(portal_client: PortalClient, newcomer: Account, admin: asyncpg.Connection) -> None:
    access = await enter_by_link(portal_client, newcomer)
    refused = await portal_client(CHANGE, access, o="", n=PASSWORD)
    assert refused["userErrors"] == [{"code": "PASSWORD_NOT_SET", "path": ["input", "currentPassword"]}]
    assert code_of(await portal_client(MOVE, access, e=f"{uuid4().hex}@example.org")) == "PASSWORD_NOT_SET", "the letter would go to the new address"
    url = (await portal_client(CREATE, token(STAFF), c=newcomer.customer_id))["link"]["url"]
    assert code_of(await portal_client(RESET, t=url.partition("#token=")[2], p=PASSWORD)) == "LINK_INVALID"
    assert await credentials(admin, newcomer) == []
    assert await admin.fetchval("select count(*) from identity_link where customer_id = $1 and kind <> 'PORTAL'", newcomer.customer_id) == 0
    assert (await portal_client(RESET, t=await first_letter(portal_client, newcomer), p=PASSWORD))["done"] is True
    access = (await portal_client.sign_in(newcomer.email))["tokens"]["accessToken"]
    assert code_of(await portal_client(CHANGE, access, o=PASSWORD, n=ANOTHER)) == "OK"
    assert (
        code_of(await portal_client(MOVE, (await portal_client.sign_in(newcomer.email, ANOTHER))["tokens"]["accessToken"], e=f"{uuid4().hex}@example.org"))
        == "OK"
    )


async def test_where_customers_sign_in_at_another_issuer_no_first_password_is_given(
    start_server: Callable[..., str], urls: Urls, tmp_path: Path, newcomer: Account, account: Account
) -> None:
    provider = OtherIssuer("https://login.example.com/", "portal", "http://127.0.0.1:9/keys")
    url = start_server(urls.app, data_dir=tmp_path, secret=SECRET, issuers=(provider,))
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        elsewhere = PortalClient(client, tmp_path / "mail")
        for address in (newcomer.email, account.email):
            assert (await ask(elsewhere, address)).json() == DONE
        assert len(await elsewhere.letters(account.email, 1)) == 1, "a password that is there may be reset"
        assert elsewhere.letters_to(newcomer.email) == []


def test_every_language_with_a_letter_about_passwords_has_this_one(root: Path) -> None:
    """The other languages have letters about money only."""
    files = {file.parent.name for file in (root / "mail/letters").glob(f"*/{Letter.PASSWORD_RESET}.txt")}
    assert files == {file.parent.name for file in (root / "mail/letters").glob(f"*/{Letter.FIRST_PASSWORD}.txt")} >= {"en"}
