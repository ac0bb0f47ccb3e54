"""Papers and downloads cost nobody else the service: they are bounded in rows, in number, in time and per customer, and are made outside the event loop."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from pypdf import PdfReader

from auth.urls.links import Links, secret_of
from auth.viewer import Viewer
from billing.money.numbers import receipt_number
from db.builtin.embedded import Urls
from gateway.documents.document_cache import first_party
from tests.callers.posting import attach
from tests.conftest import ADA, BIG, ISSUER, token
from tests.journeys.files.test_direct_uploads import Fleet
from tests.pdf.load import ask_in_parallel, csv_entries, link, statement_link
from tests.samples import pdf
from tests.servers.processes import process
from tests.servers.throttling import assert_throttled
from tests.waiting import count_lock_waits, locked, until

Start = Callable[..., str]


def children(server: int | None = None) -> list[int]:
    """Processes that print for a server, by its process id; left out, for those of this process."""
    process_ids = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        if parent == (server or os.getpid()) and b"pdf.child_process" in command:
            process_ids.append(int(folder.name))
    return process_ids


def is_printing(child: int) -> bool:
    try:
        return b"pdf.child_process" in Path(f"/proc/{child}/cmdline").read_bytes()
    except OSError:  # it has ended
        return False


async def has_no_children() -> bool:
    return not children()


async def has_children() -> bool:
    return bool(children())


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.get(url)


def is_refusal(answer: httpx.Response) -> bool:
    """The proper 503: with a code, and with the time after which to try again."""
    return answer.status_code == 503 and answer.headers.get("retry-after") == "2" and answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


async def a_paper(server: str, admin: asyncpg.Connection, viewer: Viewer = ADA) -> str:
    """The address of a small invoice."""
    return link(server, await admin.fetchval("select id from invoice where customer_id = $1 order by id limit 1", viewer.customer_id), viewer)


@pytest.mark.parametrize("kind", ["pdf", "csv"])
async def test_beside_twelve_statements_another_customer_is_answered_before_they_are_done(
    start_server: Start, urls: Urls, admin: asyncpg.Connection, kind: Literal["pdf", "csv"]
) -> None:
    server = start_server(urls.app, paper_seconds=10 if kind == "pdf" else 20)
    summary, headers = {"query": first_party()["Summary"]}, {"Authorization": f"Bearer {token(ADA)}"}
    async with httpx.AsyncClient(base_url=server, timeout=60) as client:
        # The first call prepares the document.
        assert (await client.post("/graphql", json=summary, headers=headers)).status_code == 200
        papers = asyncio.create_task(ask_in_parallel(statement_link(server, kind), 12))
        if kind == "pdf":
            await until(has_children)
        seen = []
        while not papers.done():
            answer = await client.post("/graphql", json=summary, headers=headers)
            seen.append((answer.status_code, "errors" in answer.json(), papers.done()))
    assert {(status, has_errors) for status, has_errors, _ in seen} == {(200, False)}
    assert (200, False, False) in seen, "answered while the papers were still being made"
    answers = papers.result()
    assert all(answer.status_code == 200 or is_refusal(answer) for answer in answers), Counter(answer.status_code for answer in answers)
    assert kind == "pdf" or any(answer.status_code == 200 for answer in answers)
    await until(has_no_children)
    for viewer in (ADA, BIG):  # and nothing is left behind: each has a place again
        assert (await get(await a_paper(server, admin, viewer))).status_code == 200


async def test_beside_twelve_statements_another_customers_invoice_is_made_before_they_are_done(
    start_server: Start, urls: Urls, admin: asyncpg.Connection
) -> None:
    server = start_server(urls.app, paper_seconds=10, paper_queue_seconds=10)
    papers = asyncio.create_task(ask_in_parallel(statement_link(server, "pdf"), 12))
    await until(has_children)
    assert (await get(await a_paper(server, admin, ADA))).status_code == 200
    assert not papers.done()
    assert len(children()) <= 1, "one of the two places is all that one customer has"
    assert all(answer.status_code == 200 or is_refusal(answer) for answer in await papers)
    await until(has_no_children)


async def test_a_statement_of_as_many_entries_as_there_may_be_is_made_and_one_more_is_refused(start_server: Start, urls: Urls, server: str) -> None:
    entries = csv_entries(await get(statement_link(server, "csv", ADA)))
    exact, short = (start_server(urls.app, max_statement_rows=len(entries) - less, max_statement_csv_rows=len(entries) - less) for less in (0, 1))
    for kind in ("csv", "pdf"):
        assert (await get(statement_link(exact, kind, ADA))).status_code == 200
        refused = await get(statement_link(short, kind, ADA))
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "statement_rows", "allowed": len(entries) - 1}
        assert "shorter period" in error["message"]
        # The entries before a period are in its opening balance, and are not counted.
        last = entries[-1]["date"]
        shorter = await get(statement_link(short, kind, ADA, period=f"USD.{last}.2027-11-30"))
        assert shorter.status_code == 200
        if kind == "csv":
            rows = csv_entries(shorter)
            assert rows == [entry for entry in entries if entry["date"] >= last]


async def statement_limits(server: str) -> dict[str, int]:
    async with httpx.AsyncClient(base_url=server, timeout=20) as client:
        query = {"query": "{ limits { maxStatementRows maxStatementCsvRows } }"}
        answer = await client.post("/graphql", json=query, headers={"Authorization": f"Bearer {token(ADA)}"})
    limits: dict[str, int] = answer.json()["data"]["limits"]
    return limits


async def test_a_statement_that_is_too_long_for_a_pdf_may_be_had_as_csv(start_server: Start, urls: Urls, server: str) -> None:
    entries = csv_entries(await get(statement_link(server, "csv", ADA)))
    small = start_server(urls.app, max_statement_rows=len(entries) - 1)
    assert await statement_limits(small) == {"maxStatementRows": len(entries) - 1, "maxStatementCsvRows": 50_000}
    assert await statement_limits(server) == {"maxStatementRows": 10_000, "maxStatementCsvRows": 50_000}
    refused = await get(statement_link(small, "pdf", ADA))
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert error["message"].endswith("Ask for a shorter period, or use the CSV, which can hold all entries.")
    assert csv_entries(await get(statement_link(small, "csv", ADA))) == entries
    smaller = start_server(urls.app, max_statement_rows=len(entries) - 1, max_statement_csv_rows=len(entries) - 1)
    (error,) = (await get(statement_link(smaller, "pdf", ADA))).json()["errors"]
    assert error["message"].endswith("Ask for a shorter period."), "a CSV that is refused too is not named"


@asynccontextmanager
async def waiting_for_a_lock(urls: Urls, admin: asyncpg.Connection, url: str) -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """A paper that is being made, and is not done before the context ends."""
    async with locked(urls):
        task = asyncio.create_task(get(url))

        async def is_waiting() -> bool:
            return await count_lock_waits(admin) > 0

        await until(is_waiting)
        yield task


async def test_when_the_queue_is_full_a_paper_is_refused_at_once_and_afterwards_all_is_as_before(
    start_server: Start, urls: Urls, admin: asyncpg.Connection
) -> None:
    server = start_server(urls.app, papers_at_once=1, max_queued_papers=0)
    hers, theirs = await a_paper(server, admin, ADA), await a_paper(server, admin, BIG)
    async with waiting_for_a_lock(urls, admin, hers) as first:
        assert is_refusal(await get(theirs))
        assert not first.done()
    assert (await first).status_code == 200
    assert (await get(theirs)).status_code == 200


async def test_a_paper_waits_for_its_turn_only_so_long(start_server: Start, urls: Urls, admin: asyncpg.Connection) -> None:
    server = start_server(urls.app, papers_at_once=1, paper_queue_seconds=0.1)
    hers, theirs = await a_paper(server, admin, ADA), await a_paper(server, admin, BIG)
    async with waiting_for_a_lock(urls, admin, hers) as first:
        assert is_refusal(await get(theirs))
        assert not first.done()
    assert (await first).status_code == 200


async def test_a_paper_that_takes_too_long_is_given_up_and_its_place_is_free(start_server: Start, urls: Urls, admin: asyncpg.Connection) -> None:
    server = start_server(urls.app, papers_at_once=1, max_queued_papers=0, paper_seconds=3)
    async with waiting_for_a_lock(urls, admin, await a_paper(server, admin)) as first:
        assert is_refusal(await first)
    assert (await get(await a_paper(server, admin, BIG))).status_code == 200


async def test_a_client_that_leaves_the_queue_gives_its_turn_to_the_next(start_server: Start, urls: Urls, admin: asyncpg.Connection) -> None:
    server = start_server(urls.app, papers_at_once=1, max_queued_papers=1, paper_queue_seconds=20)
    hers, theirs = await a_paper(server, admin, ADA), await a_paper(server, admin, BIG)

    async def is_queued(task: asyncio.Task[httpx.Response]) -> bool:
        """Whether it waits, and was not refused."""
        done, _ = await asyncio.wait([task], timeout=0.3)
        return not done

    async with waiting_for_a_lock(urls, admin, hers) as first:
        queued = asyncio.create_task(get(theirs))
        assert await is_queued(queued)
        assert is_refusal(await get(theirs)), "the queue is full"
        queued.cancel()
        following = asyncio.create_task(get(theirs))
        while not await is_queued(following):
            assert is_refusal(following.result())
            following = asyncio.create_task(get(theirs))
        assert not first.done()
    assert [(await answer).status_code for answer in (first, following)] == [200, 200]


async def test_a_client_that_leaves_ends_the_process_that_prints_for_it(start_server: Start, urls: Urls, admin: asyncpg.Connection) -> None:
    server = start_server(urls.app, papers_at_once=1, max_queued_papers=0)
    task = asyncio.create_task(get(statement_link(server, "pdf")))
    await until(has_children)
    assert is_refusal(await get(await a_paper(server, admin)))
    task.cancel()
    await until(has_no_children)

    async def is_free() -> bool:
        return (await get(await a_paper(server, admin))).status_code == 200

    await until(is_free)


async def test_a_server_that_is_killed_leaves_no_process_that_prints(root: Path, urls: Urls, tmp_path: Path) -> None:
    with process(root, urls, tmp_path, environment="development") as (running, server):
        task = asyncio.create_task(get(statement_link(server, "pdf")))

        async def is_printing_a_part() -> bool:
            return any(children(child) for child in children(running.pid))

        await until(is_printing_a_part)
        (printing,) = children(running.pid)
        parts = children(printing)
        running.kill()
        with pytest.raises(httpx.HTTPError):
            await task

        async def is_gone() -> bool:
            return not any(map(is_printing, (printing, *parts)))

        await until(is_gone, seconds=2)


async def test_a_link_is_good_for_so_many_papers_a_minute_and_only_its_customers_are_counted(
    start_server: Start, urls: Urls, admin: asyncpg.Connection
) -> None:
    server = start_server(urls.app, papers_per_minute=3)
    url = await a_paper(server, admin)
    # Whoever has no link of hers spends nothing of hers.
    assert {(await get(url[:-4] + "0000")).status_code for _ in range(4)} == {403}
    assert [(await get(address)).status_code for address in (url, statement_link(server, "csv", ADA), url)] == [200, 200, 200]
    assert_throttled(await get(url))
    assert (await get(await a_paper(server, admin, BIG))).status_code == 200


@asynccontextmanager
async def attachments_locked(urls: Urls) -> AsyncIterator[None]:
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    try:
        async with connection.transaction():
            await connection.execute("lock table attachment in access exclusive mode")
            yield
    finally:
        await connection.close()


async def test_an_app_spends_its_own_allowance_and_not_its_customers(start_server: Start, urls: Urls, admin: asyncpg.Connection, invoice: str) -> None:
    url = start_server(urls.app, papers_per_minute=2, downloads_per_minute=2)
    links = Links(url, secret_of(ISSUER.keys[0]), datetime.now(UTC))
    apps = replace(links, app="acme-books")
    file = await admin.fetchval("select id from attachment where customer_id = $1 and status = 'STORED' order by id limit 1", ADA.customer_id)
    async with httpx.AsyncClient(timeout=60) as anybody:
        for address in (lambda made: made.paper(invoice, ADA.customer_id or "").url, lambda made: made.download(file, ADA.customer_id or "")):
            statuses = [(await anybody.get(address(apps))).status_code for _ in range(3)]
            assert statuses[2] == 429
            assert 429 not in statuses[:2]
            assert (await anybody.get(address(links))).status_code == statuses[0]
            claimed = address(links).replace("signature=", "app=acme-books&signature=")
            assert (await anybody.get(claimed)).status_code == 403, "the app is signed too"
            answers = [await anybody.get(address(links)) for _ in range(2)]
            assert answers[1].status_code == 429
            assert int(answers[1].headers["retry-after"]) > 0


async def test_downloads_have_places_of_their_own(start_server: Start, urls: Urls, admin: asyncpg.Connection, invoice: str) -> None:
    server = start_server(urls.app, max_downloads=1, max_queued=0)
    async with httpx.AsyncClient(base_url=server, timeout=20) as client:
        url = (await attach(client, invoice, ("a.pdf", pdf())))["attachments"][0]["downloadUrl"]
    async with attachments_locked(urls):
        first = asyncio.create_task(get(url))

        async def is_waiting() -> bool:
            return await count_lock_waits(admin) > 0

        await until(is_waiting)
        assert is_refusal(await get(url))
        # An invoice says how many files it has, so it waits for the lock as well; a statement does not.
        assert (await get(statement_link(server, "csv"))).status_code == 200, "a paper needs no place of a download's"
    assert [(await first).status_code, (await get(url)).status_code] == [200, 200]


async def test_direct_uploads_share_the_places_of_uploads(start_server: Start, urls: Urls, invoice: str) -> None:
    server = start_server(urls.app, max_uploads=1, max_queued=0)
    async with httpx.AsyncClient(base_url=server, timeout=20) as client:
        fleet = Fleet(client, invoice)
        made = await fleet.announce(("a.pdf", pdf(100_000)), ("b.pdf", pdf(2000)), key="places of uploads")
        first, second = made["uploads"]
        fields = {item["name"]: item["value"] for item in first["fields"]}
        request = client.build_request("POST", first["url"], data=fields, files={"file": ("x", pdf(100_000))})
        body = request.read()
        head = f"POST /files/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {request.headers['content-type']}\r\nContent-Length: {len(body)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server).port)
        writer.write(head.encode() + body[:50_000])

        # A client that sends slowly holds the only place.
        async def is_refused() -> bool:
            answer = await fleet.send(second, pdf(2000))
            return answer.status_code != 204 and is_refusal(answer)

        await until(is_refused)
        writer.write(body[50_000:])
        assert (await reader.readline()).startswith(b"HTTP/1.1 204")
        writer.close()
        assert (await fleet.send(second, pdf(2000))).status_code == 204
        assert (await fleet.complete(*(upload["attachment"]["id"] for upload in (first, second))))["userErrors"] == []


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever a test does: no process is left that prints."""
    yield
    assert children() == []


async def test_a_statement_that_a_process_printed_is_whole(start_server: Start, urls: Urls, server: str) -> None:
    """Every payment of the CSV stands in the PDF by the number of its receipt, in their order."""
    rows = csv_entries(await get(statement_link(server, "csv", ADA)))
    assert len(rows) > 100
    answer = await get(statement_link(server, "pdf", ADA))
    assert answer.status_code == 200
    # A long reference may be broken over two lines.
    text = "".join("".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages)
    positions = [text.find(receipt_number(row["reference"])) for row in rows if row["kind"] == "PAYMENT"]
    assert -1 not in positions
    assert positions == sorted(positions)
