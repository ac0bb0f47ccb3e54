"""Another issuer's keys: asked for once by many, renewed in time, and kept while their server is away."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from auth.jwt import jwks
from auth.jwt.jwks import KeyStore, KeysUnavailable
from auth.jwt.keys import Key, new_pem, of_pem, published
from tests.auth.forge import NOW
from tests.auth.provider import Provider, running

FIRST, SECOND, THIRD = (of_pem(name, new_pem("EdDSA")) for name in ("first", "second", "third"))
AWAY = ["500", "html", "huge", "redirect", "gzip", "hang", "drip"]


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setattr(jwks, "TIMEOUT_SECONDS", 1.0)
    server.keys, server.mode, server.fetches = published([FIRST])["keys"], "keys", 0
    return server


@pytest.fixture
def store(provider: Provider) -> KeyStore:
    return KeyStore(provider.url, ["EdDSA"])


async def kid_of(store: KeyStore, key: Key, seconds: float = 0) -> str | None:
    published_key = await store.find(key.kid, "EdDSA", NOW + timedelta(seconds=seconds))
    return published_key and published_key.kid


def at_once(coroutine: Coroutine[Any, Any, str | None]) -> str | None:
    """What is answered without waiting for anything."""
    try:
        coroutine.send(None)
    except StopIteration as answered:
        kid: str | None = answered.value
        return kid
    coroutine.close()
    pytest.fail("it waited")


async def settled(store: KeyStore) -> None:
    """What runs in the background has ended."""
    if store._fetching:
        await store._fetching


@asynccontextmanager
async def lag_below(seconds: float) -> AsyncIterator[None]:
    """Something else on the loop keeps being served meanwhile."""
    worst = 0.0

    async def probe() -> None:
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, time.perf_counter() - before - 0.005)

    task = asyncio.create_task(probe())
    await asyncio.sleep(0.02)
    yield
    task.cancel()
    assert worst < seconds


async def test_a_thousand_first_callers_cause_one_fetch(store: KeyStore, provider: Provider) -> None:
    provider.mode = "slow"
    assert set(await asyncio.gather(*(kid_of(store, FIRST) for _ in range(1000)))) == {"first"}
    assert provider.fetches == 1


async def test_a_caller_who_goes_away_does_not_take_the_fetch_along(store: KeyStore, provider: Provider) -> None:
    provider.mode = "slow"
    impatient = [asyncio.create_task(kid_of(store, FIRST)) for _ in range(5)]
    patient = asyncio.create_task(kid_of(store, FIRST))
    await asyncio.sleep(0.2)
    for task in impatient:
        task.cancel()
    assert await patient == "first"
    assert provider.fetches == 1


@pytest.mark.parametrize("mode", AWAY)
async def test_without_keys_there_is_no_answer_and_the_loop_goes_on(store: KeyStore, provider: Provider, mode: str) -> None:
    provider.mode = mode
    async with lag_below(3), asyncio.timeout(15):
        outcomes = await asyncio.gather(*(kid_of(store, FIRST) for _ in range(200)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {KeysUnavailable}
    assert provider.fetches == 1


async def test_nobody_listening_is_no_keys() -> None:
    with pytest.raises(KeysUnavailable):
        await kid_of(KeyStore("http://127.0.0.1:1/jwks.json", ["EdDSA"]), FIRST)


@pytest.mark.parametrize("mode", ["500", "html", "redirect", "hang", "refused"])
async def test_of_an_address_that_gives_no_keys_the_log_has_the_host_alone(provider: Provider, caplog: pytest.LogCaptureFixture, mode: str) -> None:
    provider.mode = mode
    url = "http://127.0.0.1:1/jwks.json" if mode == "refused" else provider.url
    with pytest.raises(KeysUnavailable):
        await kid_of(KeyStore(f"{url.replace('://', '://user:hunter2@')}?key=hunter2", ["EdDSA"]), FIRST)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "portico.auth"]
    assert re.fullmatch(r"keys cannot be fetched from 127\.0\.0\.1: [A-Za-z]+(: \S.*)?", line), line
    assert "hunter2" not in caplog.text


async def test_a_dead_server_is_asked_again_after_a_pause_and_is_believed_when_it_is_back(store: KeyStore, provider: Provider) -> None:
    provider.mode = "500"
    for seconds in (0, 0.5, 1.9):
        with pytest.raises(KeysUnavailable):
            await kid_of(store, FIRST, seconds)
    assert provider.fetches == 1
    provider.mode = "keys"
    assert await kid_of(store, FIRST, 2) == "first"
    assert provider.fetches == 2


async def test_keys_are_renewed_in_the_background_before_they_are_old(store: KeyStore, provider: Provider) -> None:
    await kid_of(store, FIRST)
    for seconds in (100, 239):
        assert await kid_of(store, FIRST, seconds) == "first"
    assert provider.fetches == 1
    provider.mode = "slow"
    assert [at_once(kid_of(store, FIRST, 240)) for _ in range(50)] == ["first"] * 50
    await settled(store)
    assert provider.fetches == 2
    assert await kid_of(store, FIRST, 479) == "first"
    assert provider.fetches == 2


@pytest.mark.parametrize("seconds", [600, 5000, 3 * 24 * 3600])
async def test_after_a_silence_a_key_that_was_taken_back_is_not_believed_once_more(store: KeyStore, provider: Provider, seconds: float) -> None:
    await kid_of(store, FIRST)
    provider.keys = published([SECOND])["keys"]
    assert await kid_of(store, FIRST, seconds) is None
    assert await kid_of(store, SECOND, seconds) == "second"


async def test_after_a_short_silence_the_old_key_holds_until_it_was_last_seen_ten_minutes_ago(store: KeyStore, provider: Provider) -> None:
    await kid_of(store, FIRST)
    provider.keys = published([SECOND])["keys"]
    for seconds, kid in ((400, "first"), (599, "first"), (600, None)):
        assert await kid_of(store, FIRST, seconds) == kid


async def test_a_new_key_is_found_at_once_and_the_old_one_holds_for_a_while(store: KeyStore, provider: Provider) -> None:
    await kid_of(store, FIRST)
    provider.keys = published([SECOND])["keys"]
    assert await kid_of(store, SECOND, 60) == "second"
    assert await kid_of(store, FIRST, 60 + 299) == "first"
    await settled(store)
    assert await kid_of(store, FIRST, 60 + 300) is None
    assert await kid_of(store, SECOND, 60 + 300) == "second"


async def test_a_fetch_that_brings_nothing_new_does_not_prolong_the_old_key(store: KeyStore, provider: Provider) -> None:
    await kid_of(store, FIRST)
    provider.keys = published([SECOND])["keys"]
    assert await kid_of(store, SECOND, 60) == "second"
    assert await kid_of(store, THIRD, 200) is None
    assert provider.fetches == 3
    assert await kid_of(store, FIRST, 60 + 299) == "first"
    await settled(store)
    assert await kid_of(store, FIRST, 60 + 300) is None


async def test_unknown_names_cause_one_fetch_in_thirty_seconds_however_many(store: KeyStore, provider: Provider) -> None:
    await kid_of(store, FIRST)
    for seconds in (1, 29):
        assert set(await asyncio.gather(*(store.find(f"{n}", "EdDSA", NOW + timedelta(seconds=seconds)) for n in range(100)))) == {None}
    assert provider.fetches == 1
    assert set(await asyncio.gather(*(store.find(f"{n}", "EdDSA", NOW + timedelta(seconds=30)) for n in range(100)))) == {None}
    assert provider.fetches == 2
    provider.mode = "500"
    for seconds in (61, 62, 90):
        assert await kid_of(store, SECOND, seconds) is None
        assert await kid_of(store, FIRST, seconds) == "first"
    assert provider.fetches == 3


async def test_an_algorithm_that_is_not_the_issuers_asks_nobody(store: KeyStore, provider: Provider) -> None:
    assert await store.find("first", "RS256", NOW) is None
    assert await store.find("first", "none", NOW) is None
    assert provider.fetches == 0


@pytest.mark.parametrize("mode", AWAY)
async def test_while_the_server_is_away_the_keys_hold_for_a_day_and_nobody_waits(store: KeyStore, provider: Provider, mode: str) -> None:
    await kid_of(store, FIRST)
    provider.mode = mode
    assert await kid_of(store, FIRST, 240) == "first"
    await settled(store)
    for seconds in (301, 3600, 24 * 3600):
        assert at_once(kid_of(store, FIRST, seconds)) == "first"
    await settled(store)
    with pytest.raises(KeysUnavailable):
        await kid_of(store, FIRST, 24 * 3600 + 10)
    provider.mode = "keys"
    assert await kid_of(store, FIRST, 24 * 3600 + 20) == "first"
