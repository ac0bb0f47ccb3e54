"""Asking for a new password sends one letter, locks nobody, and what a letter holds ends when it should."""

import asyncio

import asyncpg
import httpx
import pytest

from auth.secret import hash_of
from auth.throttle import BUDGETS, Kind
from tests.callers.identity import ANOTHER, ASK, CHANGE, CONFIRM, PASSWORD, REDEEM, REFRESH, RESET, Account, PortalClient, network, secret_in, statements_of

DONE = {"done": True, "userErrors": []}
LINK = """insert into identity_link (secret_hash, customer_id, kind, email, made_by, created_at, expires_at)
          values ($1, $2, $3, $4, '', now(), now() + interval '1 hour')"""
USES = {"PASSWORD": (RESET, {"p": "nine patient herons at noon"}), "EMAIL": (CONFIRM, {}), "PORTAL": (REDEEM, {})}


async def ask(portal_client: PortalClient, address: str, *, at: str | None = None, device: str | None = None) -> httpx.Response:
    return await portal_client.post(ASK, at=at, input={"email": address, "device": device})


async def link(admin: asyncpg.Connection, account: Account, kind: str) -> str:
    """The secret of a link that holds."""
    secret = f"{kind} {account.email} {network()}"
    await admin.execute(LINK, hash_of(secret), account.customer_id, kind, f"new-{account.email}" if kind == "EMAIL" else None)
    return secret


async def use(portal_client: PortalClient, kind: str, secret: str) -> str:
    """OK, or the code of the refusal."""
    query, more = USES[kind]
    payload = await portal_client(query, t=secret, **more)
    return payload["userErrors"][0]["code"] if payload["userErrors"] else "OK"


async def test_asking_from_everywhere_sends_one_letter_that_stays_good_and_locks_nobody(portal_client: PortalClient, account: Account) -> None:
    for _ in range(12):
        assert (await ask(portal_client, account.email)).json() == {"data": {"requestPasswordReset": DONE}}
    (letter,) = await portal_client.letters(account.email, 1)
    assert (await ask(portal_client, account.email)).json() == {"data": {"requestPasswordReset": DONE}}
    reset = await portal_client(RESET, t=secret_in(letter), p=ANOTHER)
    assert reset["done"] is True
    assert await portal_client.attempts(6, account.email)
    assert (await portal_client.sign_in(account.email, ANOTHER, device=reset["device"]))["tokens"], "who used the letter is known from there on"


async def test_requests_at_once_send_one_letter(portal_client: PortalClient, account: Account) -> None:
    await asyncio.gather(*(ask(portal_client, account.email) for _ in range(8)))
    assert len(await portal_client.letters(account.email, 1)) == 1


async def test_a_letter_that_ends_soon_or_was_used_is_sent_again(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    await ask(portal_client, account.email)
    (first,) = await portal_client.letters(account.email, 1)
    await admin.execute("update identity_link set expires_at = now() + interval '9 minutes' where customer_id = $1", account.customer_id)
    await ask(portal_client, account.email)
    _, second = await portal_client.letters(account.email, 2)
    assert secret_in(first) != secret_in(second)
    assert await use(portal_client, "PASSWORD", secret_in(first)) == "OK"
    assert await use(portal_client, "PASSWORD", secret_in(second)) == "LINK_INVALID", "the password changed since"
    await ask(portal_client, account.email)
    letters = [letter for letter in await portal_client.letters(account.email, 4) if "#token=" in letter.get_content()]
    assert len(letters) == 3


@pytest.mark.parametrize("by", ["device", "network"])
async def test_who_is_recognised_gets_a_letter_again_but_not_for_ever(portal_client: PortalClient, account: Account, by: str) -> None:
    home = network()
    device = (await portal_client.sign_in(account.email, at=home))["device"]
    await ask(portal_client, account.email)
    assert len(await portal_client.letters(account.email, 1)) == 1
    for _ in range(6):
        answer = await (ask(portal_client, account.email, device=device) if by == "device" else ask(portal_client, account.email, at=home))
        assert answer.json() == {"data": {"requestPasswordReset": DONE}}
    assert len(await portal_client.letters(account.email, 4)) == 4


async def test_a_network_that_asks_too_often_is_throttled_and_a_known_device_in_it_is_not(portal_client: PortalClient, account: Account) -> None:
    home = network()
    device = (await portal_client.sign_in(account.email, at=home))["device"]
    for number in range(30):
        assert "errors" not in (await ask(portal_client, f"{number}@nowhere.example", at=home)).json()
    for address in (account.email, "31@nowhere.example"):
        answer = await ask(portal_client, address, at=home)
        assert answer.json()["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert int(answer.headers["retry-after"]) > 3000
    assert (await ask(portal_client, account.email, at=home, device=device)).json() == {"data": {"requestPasswordReset": DONE}}
    assert len(await portal_client.letters(account.email, 1)) == 1


async def test_whether_there_is_an_account_or_a_letter_shows_nowhere_in_the_answer(portal_client: PortalClient, account: Account) -> None:
    answers = [
        await ask(portal_client, address, device=device) for address in (account.email, account.email, "nobody@example.com", "") for device in (None, "rubbish")
    ]
    assert len({answer.text for answer in answers}) == 1
    assert len({statements_of(answer) for answer in answers}) == 1
    assert len(await portal_client.letters(account.email, 1)) == 1


@pytest.mark.parametrize("kind", USES)
@pytest.mark.parametrize("event", ["nothing", "password changed", "password reset", "address changed"])
async def test_every_link_that_is_out_is_void_when_the_password_or_the_address_changes(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection, event: str, kind: str
) -> None:
    earlier = await link(admin, account, kind)
    if event == "password changed":
        access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
        assert (await portal_client(CHANGE, access, o=PASSWORD, n=ANOTHER))["done"] is True
    elif event == "password reset":
        assert await use(portal_client, "PASSWORD", await link(admin, account, "PASSWORD")) == "OK"
    elif event == "address changed":
        assert await use(portal_client, "EMAIL", await link(admin, account, "EMAIL")) == "OK"
    assert await use(portal_client, kind, earlier) == ("OK" if event == "nothing" else "LINK_INVALID")


async def test_the_last_address_that_was_asked_for_is_the_one_that_may_be_confirmed(portal_client: PortalClient, account: Account) -> None:
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    request = "mutation ($e: String!) { requestEmailChange(input: { newEmail: $e }) { done userErrors { code } } }"
    names = [f"{name}-{account.email}" for name in ("first", "second")]
    for name in names:
        assert (await portal_client(request, access, e=name))["done"] is True
    first, second = [secret_in((await portal_client.letters(name, 1))[0]) for name in names]
    assert await use(portal_client, "EMAIL", first) == "LINK_INVALID"
    assert await use(portal_client, "EMAIL", second) == "OK"


async def test_a_reset_ends_the_session_that_sends_it_too(portal_client: PortalClient, account: Account, other: Account, admin: asyncpg.Connection) -> None:
    mine, theirs = (await portal_client.sign_in(account.email))["tokens"], (await portal_client.sign_in(other.email))["tokens"]
    assert (await portal_client(RESET, mine["accessToken"], t=await link(admin, account, "PASSWORD"), p=ANOTHER))["done"] is True
    assert (await portal_client.post("{ customer { id } }", mine["accessToken"])).status_code == 401
    assert (await portal_client(REFRESH, t=mine["refreshToken"]))["userErrors"] == [{"code": "SESSION_ENDED"}]
    assert (await portal_client.post("{ customer { id } }", theirs["accessToken"])).status_code == 200


async def test_wrong_links_of_others_keep_no_right_link_from_being_used(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    home, allowed = network(), BUDGETS[Kind.LINK]["network"][0].amount
    codes = []
    for number in range(allowed + 2):
        kind = list(USES)[number % 3]
        answer = (await portal_client.post(USES[kind][0], at=home, t="rubbish", **USES[kind][1])).json()
        codes += [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert codes == ["THROTTLED"] * 2
    for kind in ("PORTAL", "EMAIL", "PASSWORD"):
        query, more = USES[kind]
        answer = (await portal_client.post(query, at=home, t=await link(admin, account, kind), **more)).json()
        (payload,) = answer["data"].values()
        assert payload["userErrors"] == [], kind


async def test_a_mailed_portal_link_and_a_new_password_make_the_device_known(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    secret = await link(admin, account, "PORTAL")
    await admin.execute("update identity_link set delivery = 'MAIL', email = $2 where customer_id = $1", account.customer_id, account.email)
    redeemed = await portal_client(REDEEM, t=secret)
    await portal_client.attempts(6, account.email)
    assert await portal_client.sign_in(account.email) == "THROTTLED"
    tokens = (await portal_client.sign_in(account.email, device=redeemed["device"]))["tokens"]
    changed = await portal_client(CHANGE, tokens["accessToken"], o=PASSWORD, n=ANOTHER)
    assert await portal_client.sign_in(account.email, ANOTHER, device=redeemed["device"]) == "THROTTLED"
    assert (await portal_client.sign_in(account.email, ANOTHER, device=changed["device"]))["tokens"]
