"""Four times as many clients as there are places, for a while."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import httpx

from bench.runner.processes import resident_mb
from db.builtin.embedded import Urls
from tests.conftest import ADA, token
from tests.depth import by_depth
from tests.servers.processes import process

CLIENTS = 200
PLACES = CLIENTS // 4
SECONDS = by_depth(6, 20)

QUERY = {"query": "{ customer { id name payments(first: 5) { nodes { id amount { formatted } } } } }"}
BODY = json.dumps(QUERY).encode()
REQUEST = (
    f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token(ADA)}\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode() + BODY


@dataclass
class Seen:
    """What the clients saw; `wrong` are answers that are neither right nor a proper 503."""

    right: bytes
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[bytes] = field(default_factory=list)
    longest: float = 0.0

    def note(self, head: bytes, body: bytes, seconds: float) -> None:
        status = int(head[9:12])
        self.statuses[status] += 1
        self.longest = max(self.longest, seconds)
        is_refusal = status == 503 and b"\r\nretry-after: 2\r\n" in head.lower() and b'"SERVICE_UNAVAILABLE"' in body
        if not is_refusal and not (status == 200 and body == self.right):
            self.wrong.append(head + body)


async def ask_on(port: int, seen: Seen, ends_at: float) -> None:
    """One client: a connection on which it asks again as soon as it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while perf_counter() < ends_at:
        began = perf_counter()
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        seen.note(head, await reader.readexactly(length), perf_counter() - began)
    writer.close()


async def test_under_overload_every_answer_is_right_or_503_memory_is_flat_and_then_all_is_as_before(root: Path, urls: Urls, tmp_path: Path) -> None:
    with process(root, urls, tmp_path, environment="development", max_running=str(PLACES), max_queued=str(PLACES), log_level="WARNING") as (running, url):
        port = int(url.rpartition(":")[2])
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token(ADA)}"}, timeout=20) as client:
            seen = Seen((await client.post("/graphql", json=QUERY)).content)
            began = perf_counter()
            load = asyncio.gather(*(ask_on(port, seen, began + SECONDS) for _ in range(CLIENTS)))
            await asyncio.sleep(SECONDS / 3)
            early = resident_mb(running.pid)
            lively = [(await client.get("/livez")).status_code for _ in range(20)]
            await asyncio.sleep(max(0, began + SECONDS - 0.5 - perf_counter()))
            late = resident_mb(running.pid)
            await load
            after = [(await client.post("/graphql", json=QUERY)).content for _ in range(20)]
    assert seen.wrong == []
    assert set(seen.statuses) == {200, 503}, seen.statuses
    assert seen.statuses[200] > SECONDS * 20
    assert seen.longest < 15, "queued for longer than a queue and an operation may take"
    assert set(lively) == {200}
    assert late < early * 1.1 + 5, f"{early:.0f} MB, then {late:.0f} MB"
    assert after == [seen.right] * 20
