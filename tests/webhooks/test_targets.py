"""Where webhooks may go: addresses, URLs, and the address that is connected to, with a resolver of the test's own."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from tests.servers.certificates import certified
from tests.webhooks.sinks import Sink, sink
from webhooks.client import NotSent, WebhookClient
from webhooks.targets import TargetPolicy, TargetRefused, is_public

Clients = Callable[..., WebhookClient]
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
NOT_PUBLIC = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.255", "169.254.169.254", "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.8",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "198.17.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
]
REFUSED_URLS = [
    "", "example.com", "http://example.com", "ftp://example.com", "https://", "https:///path", "https://user@example.com", "https://user:word@example.com", "https://example.com#part",
    "https://example.com:99999", "https://exa mple.com", "https://example.com/\r\nHost: other", "https://example.com\\@other.com", "https://exämple.com", "javascript:alert(1)",
    "https://example.com/" + "a" * 2_000, "https://example.com:0/", "https://./", "https://..:443/", "https://example.com/#",
]  # fmt: skip


class Names:
    """A resolver: addresses by name, one list for each question, the last one for all further questions."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {name.replace("_", "."): list(lists) for name, lists in answers.items()}
        self.questions: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.questions.append(host)
        lists = self.answers[host]
        return lists.pop(0) if len(lists) > 1 else lists[0]


@pytest.fixture
async def development() -> AsyncIterator[Clients]:
    """Clients that send to this machine; their connections are closed after the test."""
    opened: list[WebhookClient] = []

    def client(**how: float) -> WebhookClient:
        opened.append(WebhookClient(TargetPolicy(is_development=True), **how))  # type: ignore[arg-type]
        return opened[-1]

    yield client
    for each in opened:
        await each.close()


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_nothing_is_sent_to_a_name_of_which_one_address_is_not_public(address: str) -> None:
    client = WebhookClient(TargetPolicy(), Names(evil_example_com=[["8.8.8.8", address]]), connect_seconds=0.1)
    with pytest.raises(NotSent, match="which is not of the public internet"):
        await client.post("https://evil.example.com/", {}, b"{}")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        TargetPolicy().target_of(url)


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        ("HTTPS://Hooks.Example.COM/Path?Query=A", "https://hooks.example.com/Path?Query=A"),
        ("https://hooks.example.com./", "https://hooks.example.com/"),
        ("https://hooks.example.com:443/a%2fb", "https://hooks.example.com/a%2fb"),
        ("https://hooks.example.com:8443", "https://hooks.example.com:8443"),
        ("https://[2A00:1450::200E]/", "https://[2a00:1450::200e]/"),
        ("https://hooks.example.com/a?", "https://hooks.example.com/a?"),
    ],
)
def test_a_url_has_one_spelling(url: str, spelled: str) -> None:
    assert TargetPolicy().target_of(url).url == spelled
    assert TargetPolicy().target_of(spelled).url == spelled


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1.", "LOCALHOST.", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_spellings_of_the_own_machine_are_refused_by_the_address_that_the_system_finds(host: str) -> None:
    with pytest.raises(NotSent, match=r"not of the public internet|the name of its host is not known"):
        await WebhookClient(TargetPolicy(), connect_seconds=2).post(f"https://{host}/", {}, b"{}")


async def test_an_endpoint_that_is_not_there_is_said_in_words(development: Clients) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent, match=r"^the connection was refused$"):
            await development().post(f"http://127.0.0.1:{closed.getsockname()[1]}/", {}, b"{}")

    async def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(NotSent, match=r"^the name of its host is not known$"):
        await WebhookClient(TargetPolicy(), unknown).post("https://hooks.example.com/", {}, b"{}")


@pytest.mark.parametrize("beginning", ["https://hooks.example.com", "HTTPS://Hooks.EXAMPLE.com", "https://hooks.example.com."])
async def test_the_checked_address_is_connected_to_with_the_name_in_tls_and_host(beginning: str, tmp_path: Path) -> None:
    """Later answers of the resolver (DNS rebinding) are not asked for: there is one question for a connection."""
    of_server, of_client = certified(tmp_path, "hooks.example.com")
    served: list[str | None] = []
    of_server.sni_callback = lambda _, name, __: served.append(name)
    async with sink(tls=of_server) as target:
        names = Names(hooks_example_com=[["127.0.0.1"], ["192.168.1.1"]])
        client = WebhookClient(TargetPolicy(networks=LOOPBACK), names, of_client)
        answer = await client.post(f"{beginning}:{target.port}/hook", {"webhook-id": "evt_1"}, b"{}")
        assert (answer.status, names.questions, served) == (204, ["hooks.example.com"], ["hooks.example.com"])
        assert target.received[0].headers["host"] == f"hooks.example.com:{target.port}"
        await client.close()
        with pytest.raises(NotSent, match=r"192\.168\.1\.1"):
            await client.post(f"https://hooks.example.com:{target.port}/hook", {}, b"{}")


@pytest.mark.parametrize(("name", "days", "trusts"), [("other.example.com", 1, True), ("hooks.example.com", -1, True), ("hooks.example.com", 1, False)])
async def test_a_certificate_that_is_not_valid_ends_the_attempt(name: str, days: int, trusts: bool, tmp_path: Path) -> None:
    of_server, of_client = certified(tmp_path, name, days=days)
    async with sink(tls=of_server) as target:
        client = WebhookClient(TargetPolicy(networks=LOOPBACK), Names(hooks_example_com=[["127.0.0.1"]]), of_client if trusts else ssl.create_default_context())
        with pytest.raises(NotSent, match="certificate"):
            await client.post(f"https://hooks.example.com:{target.port}/hook", {}, b"{}")
        assert target.received == []


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, development: Clients) -> None:
    async with sink() as target, sink() as proxy:
        for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        assert (await development().post(target.url, {}, b"{}")).status == 204
        assert (len(target.received), proxy.received) == (1, [])


async def test_a_redirect_is_not_followed(development: Clients) -> None:
    async with sink() as other, sink(status="302 Found") as target:
        target.headers = f"location: {other.url}\r\n"
        assert (await development().post(target.url, {}, b"{}")).status == 302
        assert other.received == []


async def test_the_beginning_of_a_long_answer_is_kept_and_the_rest_is_not_read(development: Clients) -> None:
    async with sink(status="200 OK", body=b"x" * 10_000_000) as target:
        client = development()
        answer = await client.post(target.url, {}, b"{}")
        assert (answer.status, answer.text) == (200, "x" * 2_048)
        assert (await client.post(target.url, {}, b"{}")).status == 200
        assert target.connections == 2, "a connection with an unread rest is not used again"


async def test_a_connection_is_used_again_and_one_that_was_closed_is_replaced(development: Clients) -> None:
    async with sink(status="200 OK", body=b"ok") as target:
        client = development()
        for _ in range(3):
            assert (await client.post(target.url, {}, b"{}")).text == "ok"
        assert target.connections == 1
        target.answer = close
        with pytest.raises(NotSent):
            await client.post(target.url, {}, b"{}")
        target.answer = None
        assert (await client.post(target.url, {}, b"{}")).status == 200


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_a_server_that_never_answers_ends_the_attempt_in_time(development: Clients) -> None:
    async with sink(seconds=60) as target:
        with pytest.raises(NotSent, match=r"no answer within 0\.2 seconds"):
            await development(total_seconds=0.2).post(target.url, {}, b"{}")


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000 + b"\r\n", b"\0" * 100_000],
    ids=["nothing", "nonsense", "no number", "another version", "a large head", "no head"],
)
async def test_what_is_no_answer_of_http_ends_the_attempt(answer: bytes, development: Clients) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with sink(answer=write) as target:
        with pytest.raises(NotSent, match="connection failed"):
            await development().post(target.url, {}, b"{}")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "ok"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n1;a=b\r\n!\r\n0\r\n\r\n", "ok!"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", ""),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n", ""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", "ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nok\0\xff", "ok\N{REPLACEMENT CHARACTER}"),
    ],
)
async def test_a_status_counts_whatever_the_body_is(answer: bytes, text: str, development: Clients) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with sink(answer=write) as target:
        received = await development().post(target.url, {}, b"{}")
        assert (received.status, received.text) == (200, text)


async def test_a_body_that_never_ends_does_not_undo_the_status(monkeypatch: pytest.MonkeyPatch, development: Clients) -> None:
    monkeypatch.setattr("webhooks.client.TEXT_SECONDS", 0.1)

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun")
        await asyncio.sleep(60)

    async with sink(answer=drip) as target:
        answer = await development().post(target.url, {}, b"{}")
        assert (answer.status, answer.text) == (200, "begun")


def test_a_sink_is_on_this_machine() -> None:
    assert "127.0.0.1" in Sink(port=1).url
