"""Signing in, staying in, and the profile, over HTTP against a server that writes its letters into a folder."""

import asyncio
import email
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from auth.passwords import Passwords
from db.builtin.embedded import Urls
from tests.callers.identity import LETTERS
from tests.conftest import STAFF, demo_customer, token

PASSWORD = "seven green bicycles at dawn"
ANOTHER = "eleven quiet lighthouses sing"

TOKENS = "tokens { accessToken refreshToken sessionId customer { email } } userErrors { code message path }"
SIGN_IN = f"mutation ($email: String!, $password: String!) {{ signIn(input: {{ email: $email, password: $password }}) {{ {TOKENS} }} }}"
REFRESH = f"mutation ($token: String!) {{ refreshSession(input: {{ refreshToken: $token }}) {{ {TOKENS} }} }}"
REDEEM = f"mutation ($token: String!) {{ redeemPortalLink(input: {{ token: $token }}) {{ {TOKENS} }} }}"
DONE = "done userErrors { code path }"


class Portal:
    """A browser that calls the server by GraphQL."""

    def __init__(self, client: httpx.AsyncClient, letters: Path) -> None:
        self._client = client
        self._letters = letters

    async def __call__(self, query: str, access: str | None = None, **variables: Any) -> Any:
        answer = await self.post(query, access, **variables)
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    async def post(self, query: str, access: str | None = None, **variables: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        return await self._client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    async def sign_in(self, address: str, password: str = PASSWORD) -> dict[str, Any]:
        answer = (await self(SIGN_IN, email=address, password=password))["signIn"]
        assert answer["tokens"], answer["userErrors"]
        return dict(answer["tokens"])

    async def letter(self, number: int) -> email.message.EmailMessage:
        """The letter of that number since the start, as soon as it is there."""
        for _ in range(100):
            paths = sorted(self._letters.glob("*.eml"))
            if len(paths) >= number:
                return email.message_from_bytes(paths[number - 1].read_bytes(), policy=LETTERS)
            await asyncio.sleep(0.05)
        raise AssertionError(f"only {len(paths)} letters came")

    async def letters(self, count: int) -> dict[str, email.message.EmailMessage]:
        """The first letters, by whom they are to."""
        await self.letter(count)
        return {str(letter["To"]): letter for letter in [await self.letter(number + 1) for number in range(count)]}


def secret_in(letter: email.message.EmailMessage) -> str:
    return re.search(r"#token=([\w-]+)", letter.get_content())[1]


@pytest.fixture
async def ada(admin: asyncpg.Connection) -> AsyncIterator[str]:
    """Ada's account with a password, and afterwards as if nothing had been."""
    person = demo_customer("ada@example.com").customer_id
    before = await admin.fetchrow("select name, email, locale, time_zone, version from customer where id = $1", person)
    hashed = await Passwords().hash(PASSWORD)
    await admin.execute("insert into credential values ('ada@example.com', $1, $2, now(), now())", person, hashed)
    yield "ada@example.com"
    for table in ("refresh_token", "portal_session", "identity_link", "credential"):
        await admin.execute(f"delete from {table} where customer_id = $1", person)
    await admin.execute("update customer set name = $2, email = $3, locale = $4, time_zone = $5, version = $6 where id = $1", person, *before)


@pytest.fixture
async def portal(start_server: Callable[..., str], urls: Urls, tmp_path: Path) -> AsyncIterator[Portal]:
    async with httpx.AsyncClient(base_url=start_server(urls.app, data_dir=tmp_path, portal_url="https://portal.example"), timeout=20) as client:
        yield Portal(client, tmp_path / "mail")


async def test_the_whole_way_of_a_customer(portal: Portal, ada: str) -> None:
    first = await portal.sign_in(ada)
    second = await portal.sign_in("ADA@example.com ")
    assert first["customer"] == {"email": ada}
    assert (await portal("{ viewer { kind } customer { name } }", first["accessToken"]))["customer"] == {"name": "Ada Lovelace"}

    changed = await portal(
        'mutation { updateProfile(input: { name: " Ada  King ", timeZone: "Asia/Tokyo" }) { customer { name timeZone version } } }', first["accessToken"]
    )
    assert changed["updateProfile"]["customer"]["name"] == "Ada King"
    assert changed["updateProfile"]["customer"]["timeZone"] == "Asia/Tokyo"

    await portal(f'mutation {{ requestEmailChange(input: {{ newEmail: "king@example.org" }}) {{ {DONE} }} }}', first["accessToken"])
    letters = await portal.letters(2)
    assert set(letters) == {"king@example.org", ada}
    confirm = f"mutation ($t: String!) {{ confirmEmailChange(input: {{ token: $t }}) {{ {DONE} }} }}"
    assert (await portal(confirm, t=secret_in(letters["king@example.org"])))["confirmEmailChange"] == {"done": True, "userErrors": []}
    assert (await portal("{ customer { email } }", first["accessToken"]))["customer"] == {"email": "king@example.org"}

    change = f"mutation ($old: String!, $new: String!) {{ changePassword(input: {{ currentPassword: $old, newPassword: $new }}) {{ {DONE} }} }}"
    assert (await portal(change, first["accessToken"], old=PASSWORD, new=ANOTHER))["changePassword"]["done"] is True
    assert (await portal.post("{ customer { name } }", second["accessToken"])).status_code == 401
    assert (await portal(REFRESH, token=second["refreshToken"]))["refreshSession"]["userErrors"][0]["code"] == "SESSION_ENDED"
    assert (await portal("{ customer { name } }", first["accessToken"]))["customer"] == {"name": "Ada King"}
    assert (await portal(SIGN_IN, email="king@example.org", password=PASSWORD))["signIn"]["tokens"] is None
    assert (await portal.sign_in("king@example.org", ANOTHER))["customer"] == {"email": "king@example.org"}


async def test_wrong_password_and_unknown_account_answer_the_same(portal: Portal, ada: str) -> None:
    answers = [await portal(SIGN_IN, email=address, password="not the right one at all") for address in (ada, "nobody@example.com", "", "x" * 500)]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["signIn"] == {
        "tokens": None,
        "userErrors": [{"code": "WRONG_CREDENTIALS", "message": "The e-mail address or the password is wrong.", "path": None}],
    }


async def test_sign_in_is_throttled_however_it_is_aliased(portal: Portal, ada: str) -> None:
    one = 'signIn(input: { email: "ada@example.com", password: "guess" }) { userErrors { code } }'
    answer = (await portal.post(f"mutation {{ {' '.join(f'a{number}: {one}' for number in range(5))} }}")).json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert codes == ["THROTTLED"] * 4, "one attempt a request"
    codes = []
    for _ in range(5):
        answer = (await portal.post(SIGN_IN, email=ada, password="guess")).json()
        codes += [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert "THROTTLED" in codes
    assert answer["errors"][0]["extensions"]["retryAfterSeconds"] > 0


async def test_a_refresh_token_rotates_forgives_a_lost_answer_and_kills_the_session_when_stolen(portal: Portal, ada: str, admin: asyncpg.Connection) -> None:
    first = await portal.sign_in(ada)
    next_one = (await portal(REFRESH, token=first["refreshToken"]))["refreshSession"]["tokens"]
    again = (await portal(REFRESH, token=first["refreshToken"]))["refreshSession"]["tokens"]
    assert again["refreshToken"] == next_one["refreshToken"] != first["refreshToken"]
    await admin.execute("update refresh_token set used_at = now() - interval '11 seconds' where used_at is not null")
    stolen = (await portal(REFRESH, token=first["refreshToken"]))["refreshSession"]
    assert stolen["userErrors"][0]["code"] == "SESSION_ENDED"
    assert (await portal(REFRESH, token=next_one["refreshToken"]))["refreshSession"]["tokens"] is None
    assert (await portal.post("{ customer { id } }", next_one["accessToken"])).status_code == 401
    assert (await portal.letter(1))["To"] == ada


async def test_two_refreshes_at_once_get_the_same_successor(portal: Portal, ada: str) -> None:
    first = await portal.sign_in(ada)
    answers = await asyncio.gather(*(portal(REFRESH, token=first["refreshToken"]) for _ in range(6)))
    successors = {answer["refreshSession"]["tokens"]["refreshToken"] for answer in answers}
    assert len(successors) == 1
    assert (await portal(REFRESH, token=successors.pop()))["refreshSession"]["tokens"]


async def test_sessions_are_listed_and_ended_by_who_has_them(portal: Portal, ada: str) -> None:
    first, second = await portal.sign_in(ada), await portal.sign_in(ada)
    listed = (await portal("{ sessions { nodes { id isCurrent method } totalCount } }", first["accessToken"]))["sessions"]
    assert {node["id"]: node["isCurrent"] for node in listed["nodes"]} == {first["sessionId"]: True, second["sessionId"]: False}
    end = "mutation ($id: ID!) { endSession(input: { sessionId: $id }) { endedSessionId userErrors { code path } customer { sessions: id } } }"
    me = (await portal("{ customer { id } }", first["accessToken"]))["customer"]["id"]
    assert (await portal(end, first["accessToken"], id=second["sessionId"]))["endSession"] == {
        "endedSessionId": second["sessionId"],
        "userErrors": [],
        "customer": {"sessions": me},
    }
    assert (await portal.post("{ customer { id } }", second["accessToken"])).status_code == 401
    for identifier in (second["sessionId"], "ses_01m829w97ne1msh76cygrhecz9", "x"):
        assert (await portal(end, first["accessToken"], id=identifier))["endSession"] == {
            "endedSessionId": None,
            "userErrors": [{"code": "NOT_FOUND", "path": ["input", "sessionId"]}],
            "customer": {"sessions": me},
        }
    assert (await portal("mutation { signOut { done } }", first["accessToken"]))["signOut"] == {"done": True}
    assert (await portal.post("{ customer { id } }", first["accessToken"])).status_code == 401


async def test_signing_out_everywhere_ends_every_session(portal: Portal, ada: str) -> None:
    sessions = [await portal.sign_in(ada) for _ in range(3)]
    assert (await portal("mutation { signOutEverywhere { ended } }", sessions[0]["accessToken"]))["signOutEverywhere"] == {"ended": 3}
    assert {(await portal.post("{ customer { id } }", session["accessToken"])).status_code for session in sessions} == {401}


async def test_a_forgotten_password_is_reset_by_letter_once(portal: Portal, ada: str) -> None:
    session = await portal.sign_in(ada)
    ask = f"mutation ($e: String!) {{ requestPasswordReset(input: {{ email: $e }}) {{ {DONE} }} }}"
    assert await portal(ask, e="nobody@example.com") == await portal(ask, e=ada)
    secret = secret_in(await portal.letter(1))
    reset = f"mutation ($t: String!, $p: String!) {{ resetPassword(input: {{ token: $t, newPassword: $p }}) {{ {DONE} }} }}"
    assert (await portal(reset, t=secret, p="short"))["resetPassword"]["userErrors"][0]["code"] == "WEAK_PASSWORD"
    assert (await portal(reset, t=secret, p=ANOTHER))["resetPassword"]["done"] is True
    assert (await portal.post("{ customer { id } }", session["accessToken"])).status_code == 401
    for bad in (secret, "rubbish", ""):
        assert (await portal(reset, t=bad, p=ANOTHER))["resetPassword"]["userErrors"] == [{"code": "LINK_INVALID", "path": ["input", "token"]}]
    assert await portal.sign_in(ada, ANOTHER)


@pytest.mark.parametrize(
    ("password", "code"),
    [("fourteen chars", "WEAK_PASSWORD"), ("x" * 129, "WEAK_PASSWORD"), ("passwordpassword", "COMMON_PASSWORD"), ("ada@example.com!", "WEAK_PASSWORD")],
)
async def test_a_weak_or_common_password_is_refused_with_the_reason(portal: Portal, ada: str, password: str, code: str) -> None:
    session = await portal.sign_in(ada)
    change = f"mutation ($o: String!, $n: String!) {{ changePassword(input: {{ currentPassword: $o, newPassword: $n }}) {{ {DONE} }} }}"
    answer = (await portal(change, session["accessToken"], o=PASSWORD, n=password))["changePassword"]
    assert answer == {"done": None, "userErrors": [{"code": code, "path": ["input", "newPassword"]}]}
    assert await portal.sign_in(ada)


async def test_staff_make_a_link_that_lets_a_customer_in_once(portal: Portal, ada: str) -> None:
    make = "mutation ($id: ID!, $l: String) { createPortalLink(input: { customerId: $id, landing: $l }) { link { url } userErrors { code } } }"
    url = (await portal(make, token(STAFF), id=demo_customer(ada).customer_id, l="/invoices"))["createPortalLink"]["link"]["url"]
    assert url.startswith("https://portal.example/enter#token=")
    secret = url.partition("#token=")[2]
    assert (await portal(REDEEM, token=secret))["redeemPortalLink"]["tokens"]["customer"] == {"email": ada}
    for used in (secret, "rubbish"):
        assert (await portal(REDEEM, token=used))["redeemPortalLink"]["userErrors"][0]["code"] == "LINK_INVALID"
    for landing in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"):
        assert (await portal(make, token(STAFF), id=demo_customer(ada).customer_id, l=landing))["createPortalLink"]["userErrors"] == [{"code": "INVALID_VALUE"}]
    assert (await portal(make, token(STAFF), id="cus_01m829w97ne1msh76cygrhecz9"))["createPortalLink"]["userErrors"] == [{"code": "NOT_FOUND"}]


async def test_an_expired_link_says_what_a_used_one_says(portal: Portal, ada: str, admin: asyncpg.Connection) -> None:
    make = "mutation ($id: ID!) { createPortalLink(input: { customerId: $id }) { link { url } } }"
    url = (await portal(make, token(STAFF), id=demo_customer(ada).customer_id))["createPortalLink"]["link"]["url"]
    await admin.execute("update identity_link set created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'")
    assert (await portal(REDEEM, token=url.partition("#token=")[2]))["redeemPortalLink"]["userErrors"][0]["code"] == "LINK_INVALID"


async def test_what_is_not_for_the_caller_is_forbidden_and_requests_without_a_token_are_401(portal: Portal, ada: str) -> None:
    session = await portal.sign_in(ada)
    forbidden = {
        session["accessToken"]: [
            'mutation { createPortalLink(input: { customerId: "x" }) { expiresAt } }',
            "{ auditEvents { totalCount } }",
            "{ customers { totalCount } }",
        ],
        token(STAFF): [
            'mutation { requestEmailChange(input: { newEmail: "eve@example.net" }) { done } }',
            "mutation { signOut { done } }",
            "{ sessions { totalCount } }",
        ],
    }
    for access, queries in forbidden.items():
        for query in queries:
            answer = (await portal.post(query, access)).json()
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", query
    for query in ("{ __typename }", "{ customer { id } }", "mutation { signOut { done } }"):
        assert (await portal.post(query, email="a", password="b")).status_code == 401
    mixed = 'mutation { signIn(input: { email: "a", password: "b" }) { device } ... on Mutation { signOut { done } } }'
    assert (await portal.post(mixed)).status_code == 401


async def test_everything_leaves_a_trail_that_staff_read_and_nobody_changes(portal: Portal, ada: str, admin: asyncpg.Connection) -> None:
    session = await portal.sign_in(ada)
    await portal(SIGN_IN, email=ada, password="wrong")
    await portal('mutation { updateProfile(input: { name: "" }) { userErrors { code } } }', session["accessToken"])
    events = (await portal("{ auditEvents(first: 3) { nodes { event outcome actor customerId requestId } } }", token(STAFF)))["auditEvents"]["nodes"]
    assert [(node["event"], node["outcome"], node["actor"]) for node in events] == [
        ("updateProfile", "INVALID_VALUE", "CUSTOMER"),
        ("signIn", "WRONG_CREDENTIALS", "ANONYMOUS"),
        ("signIn", "OK", "ANONYMOUS"),
    ]
    assert [node["customerId"] for node in events] == [demo_customer(ada).customer_id, None, demo_customer(ada).customer_id]
    assert all(len(node["requestId"]) == 32 for node in events)
    for statement in ("update audit_event set event = 'x'", "delete from audit_event", "truncate audit_event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await admin.execute(statement)


async def test_no_secret_is_kept_in_the_database_as_it_is(portal: Portal, ada: str, admin: asyncpg.Connection) -> None:
    session = await portal.sign_in(ada)
    renewed = (await portal(REFRESH, token=session["refreshToken"]))["refreshSession"]["tokens"]
    await portal(f'mutation {{ requestPasswordReset(input: {{ email: "{ada}" }}) {{ {DONE} }} }}')
    secrets = {session["refreshToken"], renewed["refreshToken"], session["accessToken"], secret_in(await portal.letter(1)), PASSWORD}
    for table in ("credential", "portal_session", "refresh_token", "identity_link", "audit_event"):
        for record in await admin.fetch(f"select t::text from {table} t"):
            assert not any(secret in record[0] for secret in secrets), table


async def test_only_who_presents_a_secret_sees_its_row(app: asyncpg.Connection, portal: Portal, ada: str) -> None:
    from auth.secret import hash_of

    session = await portal.sign_in(ada)
    async with app.transaction():
        assert await app.fetchval("select count(*) from refresh_token") == 0
        await app.execute(f"set local app.secret = '{hash_of(session['refreshToken'])}'")
        assert await app.fetchval("select count(*) from refresh_token") == 1
        assert await app.fetchval("select count(*) from credential") == 0
        await app.execute("set local app.email = 'ada@example.com'")
        assert await app.fetchval("select count(*) from credential") == 1
