"""Nobody who guesses at an account keeps its owner out of it, and nobody who keeps a value of the owner's may guess for ever."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from auth.devices import LIFETIME, Devices
from tests.callers.identity import ANOTHER, PASSWORD, RESET, SECRET, SIGN_IN, WRONG, Account, PortalClient, network, statements_of

SPENT = ["WRONG_CREDENTIALS"] * 5


async def lock(portal_client: PortalClient, account: Account) -> None:
    """What callers whom nobody knows may try is tried, from many networks. The owner's first sign-in was one of them too."""
    codes = await portal_client.attempts(6, account.email)
    assert codes[:4] == SPENT[:4]
    assert codes[5] == "THROTTLED"


async def is_in(portal_client: PortalClient, account: Account, password: str = PASSWORD, *, at: str | None = None, device: str | None = None) -> bool:
    answer = await portal_client.sign_in(account.email, password, at=at, device=device)
    assert answer == "THROTTLED" or answer["tokens"], answer
    return answer != "THROTTLED"


async def test_wrong_passwords_from_many_networks_do_not_keep_a_known_device_out(portal_client: PortalClient, account: Account) -> None:
    device = (await portal_client.sign_in(account.email))["device"]
    await lock(portal_client, account)
    assert not await is_in(portal_client, account), "the budget of unknown callers stays"
    assert await is_in(portal_client, account, device=device)


async def test_wrong_passwords_from_many_networks_do_not_keep_out_who_calls_from_a_known_network(portal_client: PortalClient, account: Account) -> None:
    home = network()
    await portal_client.sign_in(account.email, at=home)
    await lock(portal_client, account)
    assert not await is_in(portal_client, account)
    assert await is_in(portal_client, account, at=home)
    assert await is_in(portal_client, account, at=home.replace("::1", ":aaaa::2")), "a network is 64 bits of it"


async def test_somebody_in_the_owners_network_spends_its_budgets_and_not_the_devices(portal_client: PortalClient, account: Account) -> None:
    home = network()
    device = (await portal_client.sign_in(account.email, at=home))["device"]
    assert set(await portal_client.attempts(60, account.email, at=home)) == {"WRONG_CREDENTIALS", "THROTTLED"}
    assert not await is_in(portal_client, account, at=home)
    assert await portal_client.attempts(1, "nobody@example.com", at=home) == ["THROTTLED"], "the network has spent all it had"
    assert await is_in(portal_client, account, at=home, device=device)


async def test_guesses_with_a_stolen_device_value_are_bounded_and_cost_nobody_else(portal_client: PortalClient, account: Account) -> None:
    first, second = [(await portal_client.sign_in(account.email))["device"] for _ in range(2)]
    stolen = (await portal_client.sign_in(account.email, device=first))["device"]
    assert await portal_client.attempts(4, account.email, device=stolen) == SPENT[:4]
    assert await portal_client.attempts(2, account.email, device=stolen) == ["THROTTLED"] * 2, "the sign-in that renewed it counted"
    assert await portal_client.attempts(1, account.email, device=first) == ["THROTTLED"], "a renewed value is the same device"
    assert await is_in(portal_client, account, device=second)
    assert await is_in(portal_client, account)


def worthless(account: Account, other: Account) -> dict[str, str]:
    """Device values that are none of the account's."""
    ours, now = Devices(SECRET), datetime.now(UTC)
    good = ours.issue(account.email, now=now)
    signed = urlsafe_b64decode(good + "=")
    flipped = {f"byte {place}": signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :] for place in (0, 15, 16, 23, 24, 55)}
    return {
        "of another account": ours.issue(other.email, now=now),
        "of another portal": Devices("another secret that is as long as it").issue(account.email, now=now),
        "expired": ours.issue(account.email, now=now - LIFETIME - timedelta(seconds=1)),
        "issued before the password": ours.issue(account.email, now=now - timedelta(days=1)),
        **{name: urlsafe_b64encode(value).rstrip(b"=").decode() for name, value in flipped.items()},
        "cut off": good[:-1],
        "longer": good + "A",
        "empty": "",
        "not base64": "!" * 75,
        "not ASCII": "\u0661" * 75,
        "huge": good * 500,
    }


async def test_a_worthless_device_value_is_as_good_as_none_and_nothing_tells_that_it_is(portal_client: PortalClient, account: Account, other: Account) -> None:
    values = worthless(account, other)
    good = Devices(SECRET).issue(account.email, now=datetime.now(UTC))

    async def answer(device: str | None, address: str) -> tuple[object, object]:
        response = await portal_client.post(SIGN_IN, input={"email": address, "password": WRONG, "device": device})
        return response.json(), statements_of(response)

    wrong = await answer(None, account.email)
    for name in ("of another account", "expired", "huge"):
        assert await answer(values[name], account.email) == wrong, name
    assert await portal_client.attempts(2, account.email) == ["WRONG_CREDENTIALS", "THROTTLED"]
    throttled = (await portal_client.post(SIGN_IN, input={"email": account.email, "password": PASSWORD})).json()
    for name, value in values.items():
        body = (await portal_client.post(SIGN_IN, input={"email": account.email, "password": PASSWORD, "device": value})).json()
        body["errors"][0]["extensions"]["retryAfterSeconds"] = throttled["errors"][0]["extensions"]["retryAfterSeconds"]
        assert body == throttled, name
    assert await is_in(portal_client, account, device=good), "one of its own opens the door, so the others might have"


async def test_a_worthless_device_value_keeps_nobody_out(portal_client: PortalClient, account: Account, other: Account) -> None:
    for name in ("of another account", "expired", "byte 24"):
        answer = await portal_client.sign_in(account.email, device=worthless(account, other)[name])
        assert answer["tokens"], name
        assert answer["device"], name


async def test_a_worthless_device_value_does_not_save_the_networks_budget(portal_client: PortalClient, account: Account, other: Account) -> None:
    home, values = network(), worthless(account, other)
    codes = [code for value in [*values.values()] * 4 for code in await portal_client.attempts(1, account.email, at=home, device=value)]
    assert len(codes) > 60
    assert await portal_client.attempts(1, "nobody@example.com", at=home) == ["THROTTLED"]


async def test_known_and_unknown_accounts_are_throttled_alike(portal_client: PortalClient, account: Account, other: Account) -> None:
    seen = {}
    for address in (account.email, "nobody-at-all@example.com"):
        await portal_client.sign_in(address)
        devices = [None, None, (await portal_client.sign_in(other.email))["device"], "rubbish", None, None, None]
        answers = [await portal_client.post(SIGN_IN, input={"email": address, "password": WRONG, "device": device}) for device in devices]
        for answer in answers[5:]:
            assert int(answer.headers["retry-after"]) in range(50, 61)
        seen[address] = [(answer.json()["data"], [error["message"] for error in answer.json().get("errors", [])], statements_of(answer)) for answer in answers]
    known, unknown = seen.values()
    assert known == unknown


async def test_a_new_password_makes_earlier_devices_and_networks_unknown(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    """Whoever knew the old password may have collected values and networks while they could."""
    from auth.secret import hash_of

    home = network()
    device = (await portal_client.sign_in(account.email, at=home))["device"]
    await admin.execute(
        "insert into identity_link (secret_hash, customer_id, kind, made_by, created_at, expires_at) values ($1, $2, 'PASSWORD', '', now(), now() + interval '1 hour')",
        hash_of("the secret in the letter"),
        account.customer_id,
    )
    renewed = (await portal_client(RESET, t="the secret in the letter", p=ANOTHER))["device"]
    await lock(portal_client, account)
    assert not await is_in(portal_client, account, ANOTHER, device=device)
    assert not await is_in(portal_client, account, ANOTHER, at=home)
    assert await is_in(portal_client, account, ANOTHER, at=home, device=renewed)
    assert await is_in(portal_client, account, ANOTHER, at=home), "signed in from there since"


async def test_a_throttled_sign_in_says_when_to_come_back_in_a_header_too(portal_client: PortalClient, account: Account) -> None:
    answers = [await portal_client.post(SIGN_IN, input={"email": account.email, "password": WRONG}) for _ in range(6)]
    assert {answer.headers.get("retry-after") for answer in answers[:5]} == {None}
    assert answers[5].headers["retry-after"] == str(answers[5].json()["errors"][0]["extensions"]["retryAfterSeconds"])


async def test_of_guesses_at_once_five_are_heard_by_device_network_and_account_each(portal_client: PortalClient, account: Account) -> None:
    home = network()
    device = (await portal_client.sign_in(account.email, at=home))["device"]
    for where, value, left in ((None, None, 4), (home, None, 5), (None, device, 5)):
        codes = await asyncio.gather(*(portal_client.attempts(1, account.email, at=where, device=value) for _ in range(12)))
        assert [code for (code,) in codes].count("WRONG_CREDENTIALS") == left, (where, value)


@pytest.mark.parametrize("spelling", [str.upper, lambda text: f"  {text} ", lambda text: text.replace("example", "EXAMPLE")])
async def test_a_device_value_holds_however_its_address_is_typed(portal_client: PortalClient, account: Account, spelling: object) -> None:
    assert callable(spelling)
    device = (await portal_client.sign_in(account.email))["device"]
    await lock(portal_client, account)
    answer = await portal_client.sign_in(spelling(account.email), device=device)
    assert answer["tokens"]
