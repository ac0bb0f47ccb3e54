"""Budgets of attempts, the same in memory and in a shared storage, and what happens when that storage is away."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from ipaddress import IPv6Address
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.aio.strategies import MovingWindowRateLimiter

from auth import throttle
from auth.throttle import BUDGETS, Kind, Memory, Throttle, Throttled, account_of, familiar_of, network_of
from billing.refusals import TooManyAttempts

ADA = account_of("ada@example.com")
HOME = network_of("203.0.113.7")
FAMILIAR = familiar_of(ADA, HOME)
DEVICE = "device:00ff"
MINUTE, QUARTER, HOUR = 60, 15 * 60, 60 * 60


class Clock:
    """What `limits` takes for the time of day."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


class Make(Protocol):
    """A Throttle as another process would have it."""

    def __call__(self, *, secret: str = "") -> Throttle: ...


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@contextmanager
def redis(directory: Path, port: int) -> Iterator[str]:
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if not program:
        reason = "needs valkey-server or redis-server"
        pytest.fail(reason) if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else pytest.skip(reason)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(directory)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        while not answers(port):
            assert process.poll() is None
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis(tmp_path_factory.mktemp("redis"), free_port()) as url:
        yield url


@pytest.fixture(params=["memory", "redis"])
async def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Throttles that see each other's budgets only if they share a storage; each test finds it empty. On a busy machine it may answer late."""
    monkeypatch.setattr(throttle, "STORAGE_SECONDS", 20)
    url = request.getfixturevalue("server") if request.param == "redis" else None
    made: list[Throttle] = []

    def another(*, secret: str = "") -> Throttle:
        made.append(Throttle(url, secret=secret))
        return made[-1]

    if url:
        await command(url, "FLUSHALL")
    yield another
    for one in made:
        await one.close()


async def command(url: str, *words: str) -> str:
    host, port = url.removeprefix("redis://").removesuffix("/0").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(" ".join(words).encode() + b"\r\n")
    answer = await reader.read(1 << 20)
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def wait_of(one: Throttle, kind: str, *identities: str) -> int:
    with pytest.raises(Throttled) as caught:
        await one.hit(kind, *identities)
    return caught.value.retry_after_seconds


async def is_heard(one: Throttle, kind: str, *identities: str) -> bool:
    try:
        await one.hit(kind, *identities)
    except Throttled:
        return False
    return True


async def many(one: Throttle, times: int, kind: str, *identities: str) -> None:
    for _ in range(times):
        await one.hit(kind, *identities)


# Budgets


@pytest.mark.parametrize(
    ("kind", "identity", "attempts", "seconds"),
    [
        (Kind.SIGN_IN, ADA, 5, MINUTE),
        (Kind.SIGN_IN, HOME, 60, QUARTER),
        (Kind.PASSWORD, ADA, 5, HOUR),
        (Kind.SIGN_IN, FAMILIAR, 5, MINUTE),
        (Kind.SIGN_IN, DEVICE, 5, MINUTE),
        (Kind.RESET, HOME, 30, HOUR),
        (Kind.RESET, DEVICE, 10, HOUR),
        (Kind.LETTER, FAMILIAR, 3, HOUR),
        (Kind.LETTER, DEVICE, 3, HOUR),
        (Kind.TOKEN, HOME, 300, MINUTE),
        (Kind.TOKEN, ADA, 300, MINUTE),
        (Kind.LINK, HOME, 30, QUARTER),
        (Kind.COUPON, ADA, 20, HOUR),
    ],
)
async def test_each_kind_has_its_budget_and_says_when_to_come_back(make: Make, clock: Clock, kind: Kind, identity: str, attempts: int, seconds: int) -> None:
    one = make()
    await many(one, attempts, kind, identity)
    assert await wait_of(one, kind, identity) == seconds
    clock.advance(seconds - 10)
    assert await wait_of(one, kind, identity) == 10
    clock.advance(10.1)
    await one.hit(kind, identity)


async def test_an_account_has_five_sign_ins_a_minute_and_ten_in_a_quarter_of_an_hour(make: Make, clock: Clock) -> None:
    one = make()
    await many(one, 5, Kind.SIGN_IN, ADA)
    clock.advance(MINUTE + 1)
    await many(one, 5, Kind.SIGN_IN, ADA)
    assert await wait_of(one, Kind.SIGN_IN, ADA) == QUARTER - MINUTE - 1
    clock.advance(MINUTE + 1)
    assert await wait_of(one, Kind.SIGN_IN, ADA) == QUARTER - 2 * (MINUTE + 1)
    clock.advance(QUARTER - 2 * (MINUTE + 1) + 0.1)
    await many(one, 5, Kind.SIGN_IN, ADA)
    await wait_of(one, Kind.SIGN_IN, ADA)


async def test_who_hammers_for_a_minute_keeps_the_rest_of_his_quarter_of_an_hour(make: Make, clock: Clock) -> None:
    one = make()
    assert [await is_heard(one, Kind.SIGN_IN, ADA) for _ in range(25)] == [True] * 5 + [False] * 20
    clock.advance(MINUTE + 1)
    assert [await is_heard(one, Kind.SIGN_IN, ADA) for _ in range(5)] == [True] * 5


async def test_a_burst_at_the_border_of_a_window_does_not_double(make: Make, clock: Clock) -> None:
    """A fixed window would give thirty more a second after thirty."""
    one = make()
    clock.at = float(int(clock.at) // QUARTER * QUARTER + QUARTER - 1)
    await many(one, 30, Kind.LINK, HOME)
    for _ in range(30):
        clock.advance(2)
        assert not await is_heard(one, Kind.LINK, HOME)


async def test_refused_attempts_do_not_prolong_the_wait(make: Make, clock: Clock) -> None:
    one = make()
    await many(one, 5, Kind.PASSWORD, ADA)
    for _ in range(59):
        clock.advance(MINUTE)
        assert not await is_heard(one, Kind.PASSWORD, ADA)
    clock.advance(MINUTE + 0.1)
    assert await is_heard(one, Kind.PASSWORD, ADA)


async def test_a_network_that_is_spent_spends_no_account(make: Make, clock: Clock) -> None:
    one = make()
    for number in range(60):
        await one.hit(Kind.SIGN_IN, account_of(f"{number}@example.com"), HOME)
    assert not any([await is_heard(one, Kind.SIGN_IN, ADA, HOME) for _ in range(20)])
    assert all([await is_heard(one, Kind.SIGN_IN, ADA, network_of("198.51.100.1")) for _ in range(5)])


async def test_kinds_accounts_and_networks_are_counted_apart(make: Make) -> None:
    one = make()
    await many(one, 5, Kind.SIGN_IN, ADA)
    assert not await is_heard(one, Kind.SIGN_IN, ADA)
    assert await is_heard(one, Kind.SIGN_IN, account_of("bob@example.com"))
    assert await is_heard(one, Kind.PASSWORD, ADA)
    assert await is_heard(one, Kind.SIGN_IN, HOME)


async def test_of_fifty_attempts_at_once_five_are_heard(make: Make) -> None:
    one, other = make(), make()
    heard = await asyncio.gather(*(one.hit(Kind.SIGN_IN, ADA) for _ in range(50)), return_exceptions=True)
    assert sum(answer is None for answer in heard) == 5
    assert {type(answer) for answer in heard} == {type(None), Throttled}
    if one._shared:
        await wait_of(other, Kind.SIGN_IN, ADA)


async def test_being_throttled_is_an_error_of_the_request_that_tells_the_wait_and_nothing_else(make: Make) -> None:
    one = make()
    await many(one, 5, Kind.SIGN_IN, ADA, HOME)
    with pytest.raises(TooManyAttempts) as caught:
        await one.hit(Kind.SIGN_IN, ADA, HOME)
    assert caught.value.extensions == {"code": "THROTTLED", "retryAfterSeconds": 60}
    assert "ada" not in str(caught.value)


@pytest.mark.parametrize("identities", [(), ("ada@example.com",), ("accounts:ada",)])
async def test_an_identity_that_nobody_limits_is_a_mistake_and_no_free_pass(make: Make, identities: tuple[str, ...]) -> None:
    one = make()
    with pytest.raises(ValueError, match="no identity has a budget"):
        await one.hit(Kind.SIGN_IN, *identities)
    with pytest.raises(ValueError, match="no identity has a budget"):
        await one.hit(Kind.COUPON, HOME)
    with pytest.raises(KeyError):
        await one.hit("TEA", HOME)


def test_every_kind_has_budgets() -> None:
    assert set(BUDGETS) == set(Kind)
    assert all(budget for budgets in BUDGETS.values() for budget in budgets.values())


# Identities


@pytest.mark.parametrize("typed", ["ada@example.com", " Ada@Example.COM ", "\uff41da@example.com", "ADA@EXAMPLE.COM\n"])
def test_an_account_is_one_however_its_address_is_typed(typed: str) -> None:
    assert account_of(typed) == ADA


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "network:203.0.113.7/32"),
        (" 203.0.113.7 ", "network:203.0.113.7/32"),
        ("2001:db8:1:2:3:4:5:6", "network:2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "network:2001:db8:1:2::/64"),
        ("fe80::1%eth0", "network:fe80::/64"),
        ("::ffff:203.0.113.7", "network:203.0.113.7/32"),
        ("64:ff9b::203.0.113.7", "network:203.0.113.7/32"),
        ("::1", "network:::/64"),
        ("testclient", "network:unknown"),
        ("", "network:unknown"),
        ("203.0.113.7:443", "network:unknown"),
    ],
)
def test_a_network_is_one_address_of_ipv4_or_64_bits_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.ip_addresses(v=6).filter(lambda address: not address.ipv4_mapped), st.integers(0, 2**64 - 1))
def test_who_changes_the_lower_half_of_his_address_stays_in_his_network(address: IPv6Address, suffix: int) -> None:
    neighbour = IPv6Address(int(address) >> 64 << 64 | suffix)
    if "64:ff9b::" not in (str(address), str(neighbour)) and not neighbour.ipv4_mapped and int(address) >> 64 != 0x64FF9B << 32:
        assert network_of(str(address)) == network_of(str(neighbour))


@given(st.text())
def test_whatever_stands_for_an_address_gives_a_network(address: str) -> None:
    assert network_of(address).startswith("network:")


async def test_neither_addresses_nor_networks_stand_in_the_storage(make: Make, server: str) -> None:
    one = make()
    await one.hit(Kind.SIGN_IN, ADA, HOME)
    keys = await command(server, "KEYS", "*") if one._shared else " ".join(one._local.storage.events)
    assert "SIGN_IN" in keys
    for secret in ("ada", "example", "203.0", "113"):
        assert secret not in keys


async def test_with_another_secret_the_keys_are_others(make: Make) -> None:
    assert make(secret="one")._hidden(ADA) != make(secret="two")._hidden(ADA)
    assert make(secret="one")._hidden(ADA) == make(secret="one")._hidden(ADA)


@pytest.mark.parametrize("name", ["\ud800", "a" * 100_000, "\0", "💶"], ids=["half a character", "long", "nought", "face"])
async def test_an_identity_may_be_any_text(name: str) -> None:
    one = Throttle()
    assert [await is_heard(one, Kind.COUPON, account_of(name)) for _ in range(21)] == [True] * 20 + [False]


# The process's own memory


async def test_the_memory_forgets_what_is_over(clock: Clock) -> None:
    memory = Memory()
    limiter = MovingWindowRateLimiter(memory)
    for number in range(3000):
        await limiter.hit(BUDGETS[Kind.LINK]["network"][0], str(number))
    assert len(memory.events) == 3000
    clock.advance(QUARTER + 1)
    for _ in range(1501):
        await limiter.hit(BUDGETS[Kind.LINK]["network"][0], "one")
    assert len(memory.events) == 1


async def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_KEYS", 100)
    memory = Memory()
    limiter = MovingWindowRateLimiter(memory)
    for number in range(1000):
        await limiter.hit(BUDGETS[Kind.LINK]["network"][0], str(number))
    assert len(memory.events) <= 101


async def test_an_attempt_costs_the_same_however_many_others_there_are() -> None:
    """The memory of `limits` looks at all 20,000 after each attempt."""
    limiter = MovingWindowRateLimiter(Memory())
    budget = BUDGETS[Kind.LINK]["network"][0]
    for number in range(20_000):
        await limiter.hit(budget, str(number))
    tasks, started = len(asyncio.all_tasks()), time.process_time()
    for number in range(20):
        await limiter.hit(budget, f"other {number}")
        await asyncio.sleep(0.01)
    assert time.process_time() - started < 0.2
    assert len(asyncio.all_tasks()) == tasks


# The shared storage


async def test_two_processes_share_a_budget(server: str) -> None:
    await command(server, "FLUSHALL")
    one, other = Throttle(server), Throttle(server)
    for identity in (ADA, FAMILIAR, DEVICE):
        await many(one, 3, Kind.SIGN_IN, identity)
        await many(other, 2, Kind.SIGN_IN, identity)
        for each in (one, other):
            assert 0 < await wait_of(each, Kind.SIGN_IN, identity) <= MINUTE
    for each in (one, other):
        await each.close()


async def test_what_the_storage_keeps_expires_by_itself(server: str) -> None:
    await command(server, "FLUSHALL")
    one = Throttle(server)
    await one.hit(Kind.SIGN_IN, ADA)
    keys = [line for line in (await command(server, "KEYS", "*")).split("\r\n") if line.startswith("portico")]
    assert len(keys) == 2
    for key in keys:
        assert 0 < int((await command(server, "TTL", key)).strip(":\r\n")) <= QUARTER
    await one.close()


async def test_while_the_storage_is_away_each_process_counts_for_itself_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    one = Throttle(f"redis://:hunter2@127.0.0.1:{free_port()}/0")
    await many(one, 5, Kind.SIGN_IN, ADA, HOME)
    assert await wait_of(one, Kind.SIGN_IN, ADA, HOME) == MINUTE
    [line] = [record.getMessage() for record in caplog.records]
    assert "cannot be reached" in line
    assert not any(secret in line for secret in ("ada", "203.0", "hunter2"))
    await one.close()


async def test_a_storage_that_dies_and_comes_back_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(throttle, "REST_SECONDS", 60)
    monkeypatch.setattr(throttle, "STORAGE_SECONDS", 20)
    port, clock = free_port(), asyncio.get_running_loop().time
    with redis(tmp_path, port) as url:
        one = Throttle(url)
        await many(one, 4, Kind.SIGN_IN, ADA)
    await many(one, 5, Kind.SIGN_IN, ADA)
    await wait_of(one, Kind.SIGN_IN, ADA)
    assert len(caplog.records) == 1
    assert clock() < one._rests_until <= clock() + 60
    one._rests_until = clock()
    with redis(tmp_path, port) as url:
        await many(one, 5, Kind.SIGN_IN, ADA)
        await wait_of(one, Kind.SIGN_IN, ADA)
        assert "SIGN_IN" in await command(url, "KEYS", "*")
        await one.close()
    assert len(caplog.records) == 1


async def test_a_storage_that_hangs_costs_one_attempt_half_a_second_and_the_next_none() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as hanging:
        one = Throttle(f"valkey://127.0.0.1:{hanging.sockets[0].getsockname()[1]}")
        async with asyncio.timeout(10):
            assert await is_heard(one, Kind.SIGN_IN, ADA)
        # Each of these would wait as long again.
        async with asyncio.timeout(1):
            assert [await is_heard(one, Kind.SIGN_IN, ADA) for _ in range(5)] == [True] * 4 + [False]
        await one.close()


@pytest.mark.parametrize("url", ["memcached://localhost", "localhost:6379", "http://localhost"])
def test_a_storage_of_another_kind_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="valkey"):
        Throttle(url)
