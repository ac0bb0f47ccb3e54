"""The answer to a refresh is lost, and the client sends it again: what a used token seals opens for ten seconds, and never for anybody else."""

import asyncpg
import pytest

from auth.seal import Seal
from auth.secret import hash_of
from tests.callers.identity import REFRESH, Account, PortalClient

SEALED = "select successor_sealed from refresh_token where secret_hash = $1"
SEAL = "update refresh_token set successor_sealed = $2 where secret_hash = $1"
AGE = "update refresh_token set used_at = now() - interval '11 seconds' where secret_hash = $1"
# As programs before this one wrote it: 43 characters and a one-time pad.
OF_AN_OLDER_PROGRAM = "5a" * 43


async def test_a_used_token_seals_the_next_one_for_its_own_row(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    first = (await portal_client.sign_in(account.email))["tokens"]["refreshToken"]
    second = (await portal_client(REFRESH, t=first))["tokens"]["refreshToken"]
    sealed = bytes.fromhex(await admin.fetchval(SEALED, hash_of(first)))
    assert Seal(first, "successor").open(sealed, hash_of(first)) == second
    assert (await portal_client(REFRESH, t=first))["tokens"]["refreshToken"] == second


@pytest.mark.parametrize("seal", [OF_AN_OLDER_PROGRAM, ""])
async def test_a_seal_that_does_not_open_loses_the_answer_and_no_session(
    portal_client: PortalClient, account: Account, admin: asyncpg.Connection, seal: str
) -> None:
    first = (await portal_client.sign_in(account.email))["tokens"]["refreshToken"]
    second = (await portal_client(REFRESH, t=first))["tokens"]["refreshToken"]
    await admin.execute(SEAL, hash_of(first), seal)
    assert await portal_client(REFRESH, t=first) == {"tokens": None, "userErrors": [{"code": "SESSION_ENDED"}]}
    assert (await portal_client(REFRESH, t=second))["tokens"]


async def test_a_seal_of_an_older_program_is_not_needed_after_ten_seconds(portal_client: PortalClient, account: Account, admin: asyncpg.Connection) -> None:
    first = (await portal_client.sign_in(account.email))["tokens"]["refreshToken"]
    second = (await portal_client(REFRESH, t=first))["tokens"]["refreshToken"]
    await admin.execute(SEAL, hash_of(first), OF_AN_OLDER_PROGRAM)
    await admin.execute(AGE, hash_of(first))
    assert await portal_client(REFRESH, t=first) == {"tokens": None, "userErrors": [{"code": "SESSION_ENDED"}]}
    assert (await portal_client(REFRESH, t=second))["tokens"] is None, "a stolen token ends its session"
    assert len(await portal_client.letters(account.email, 1)) == 1
