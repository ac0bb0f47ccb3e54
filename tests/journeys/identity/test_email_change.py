"""A change of e-mail to an address that has an account already: its owner is told, the caller is not, and no letter has a link that cannot work."""

import asyncpg
import pytest

from tests.callers.identity import ANOTHER, CONFIRM, Account, PortalClient, secret_in, statements_of

REQUEST = "mutation ($e: String!) { requestEmailChange(input: { newEmail: $e }) { done userErrors { code } } }"
TAKEN = "This e-mail address already has an account with"
CONFIRMING = "Confirm your new e-mail address for"


async def signed_in(portal_client: PortalClient, account: Account) -> str:
    return str((await portal_client.sign_in(account.email))["tokens"]["accessToken"])


async def rows(admin: asyncpg.Connection, *accounts: Account) -> list[asyncpg.Record]:
    ids = [account.customer_id for account in accounts]
    customers = await admin.fetch("select * from customer where id = any($1) order by id", ids)
    return [*customers, *await admin.fetch("select * from credential where customer_id = any($1) order by customer_id", ids)]


@pytest.mark.parametrize("write", [str, str.upper, lambda address: f"  {address} "], ids=["as it is", "capitals", "spaces"])
async def test_the_owner_of_a_taken_address_is_told_so_and_gets_no_link(
    portal_client: PortalClient, account: Account, other: Account, admin: asyncpg.Connection, write
) -> None:
    access = await signed_in(portal_client, account)
    before = await rows(admin, account, other)
    assert await portal_client(REQUEST, access, e=write(other.email)) == {"done": True, "userErrors": []}
    (letter,) = await portal_client.letters(write(other.email).strip(), 1)
    assert str(letter["Subject"]).startswith(TAKEN)
    assert "Nothing was changed" in letter.get_content()
    assert "token" not in letter.get_content()
    assert await rows(admin, account, other) == before
    (notice,) = await portal_client.letters(account.email, 1)
    assert "is about to change" in str(notice["Subject"]), "the caller's own mailbox tells nothing either"


async def test_the_caller_cannot_tell_a_taken_address_from_a_free_one(
    portal_client: PortalClient, account: Account, other: Account, admin: asyncpg.Connection
) -> None:
    access = await signed_in(portal_client, account)
    answers, letters = [], []
    for number, address in enumerate((other.email, f"free-{other.email}"), start=1):
        answers.append(await portal_client.post(REQUEST, access, e=address))
        letters.append((await portal_client.letters(account.email, number))[-1])
    assert answers[0].text == answers[1].text
    # The same number of statements.
    assert statements_of(answers[0]) == statements_of(answers[1])
    assert letters[0].get_content() == letters[1].get_content()
    events = await admin.fetch("select event, outcome, detail from audit_event where customer_id = $1 and event = 'requestEmailChange'", account.customer_id)
    assert len(events) == 2
    assert events[0] == events[1]
    links = await admin.fetch("select kind, expires_at - created_at as lifetime from identity_link where customer_id = $1", account.customer_id)
    assert len(links) == 2
    assert links[0] == links[1]


async def test_requests_for_taken_addresses_spend_the_same_budget(portal_client: PortalClient, account: Account, other: Account) -> None:
    access = await signed_in(portal_client, account)
    answers = [(await portal_client.post(REQUEST, access, e=address)).json() for address in [other.email, f"free-{other.email}"] * 3]
    assert ["errors" in answer for answer in answers] == [False] * 5 + [True]
    assert answers[5]["errors"][0]["extensions"]["code"] == "THROTTLED"
    letters = await portal_client.letters(other.email, 3)
    assert [str(letter["Subject"]).startswith(TAKEN) for letter in letters] == [True] * 3


@pytest.mark.parametrize("whose", ["nobody's", "their own", "of a customer who shares it"])
async def test_an_address_that_can_be_confirmed_gets_a_link_that_works(
    portal_client: PortalClient, account: Account, other: Account, admin: asyncpg.Connection, whose: str
) -> None:
    if whose == "of a customer who shares it":
        await admin.execute("delete from credential where customer_id = $1", other.customer_id)
        await admin.execute("update customer set shares_email = true where id = $1", other.customer_id)
    address = {"nobody's": f"new-{account.email}", "their own": account.email}.get(whose, other.email)
    assert (await portal_client(REQUEST, await signed_in(portal_client, account), e=address))["done"] is True
    (letter,) = [letter for letter in await portal_client.letters(address, 2 if whose == "their own" else 1) if str(letter["Subject"]).startswith(CONFIRMING)]
    assert (await portal_client(CONFIRM, t=secret_in(letter)))["userErrors"] == []
    assert (await portal_client.sign_in(address))["tokens"]


async def test_the_other_account_signs_in_as_before(portal_client: PortalClient, account: Account, other: Account) -> None:
    await portal_client(REQUEST, await signed_in(portal_client, account), e=other.email)
    await portal_client.letters(other.email, 1)
    assert (await portal_client.sign_in(other.email))["tokens"]
    assert (await portal_client.sign_in(other.email, ANOTHER))["userErrors"][0]["code"] == "WRONG_CREDENTIALS"
