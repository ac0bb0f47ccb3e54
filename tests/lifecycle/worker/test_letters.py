"""A letter is written with what causes it, and sent at least once, whatever happens to the process, the mail server or the worker."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from auth.seal import NotSealed, Seal
from billing.states import Actor
from db.builtin import embedded
from db.unit_of_work import Caller, UnitOfWork
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.worker import run_worker
from mail.port import MailAway, Message, Undeliverable
from resolvers.context import Post
from resolvers.letters import SendResult, send
from tests.conftest import token
from tests.failing_rows import failing_writes
from tests.lifecycle.conftest import Life, new_id
from tests.servers import preloaded
from tests.servers.processes import process
from tests.waiting import until

SECRET = "the same for all servers and workers"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = "https://portal.example/reset-password#token=not-for-the-database"
CHANGE = 'mutation { requestEmailChange(input: { newEmail: "somebody.else@example.org" }) { done userErrors { code } } }'


@dataclass
class FakePost:
    """Where letters go. `refusals` are raised first, one for each letter that comes."""

    taken: list[Message] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        await asyncio.sleep(0.001)
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken.append(message)


@pytest.fixture
async def _no_letters_of_before(life: Life) -> AsyncIterator[None]:
    await life.admin.execute("delete from letter")
    await life.admin.execute("update letter_cause set compose_at = null")
    yield
    await life.admin.execute("delete from letter")


pytestmark = pytest.mark.usefixtures("_no_letters_of_before")


async def left(life: Life, count: int = 1, *, secret: str = SECRET, written_at: datetime = NOW) -> list[str]:
    """Letters that were written and not sent."""
    ids = [new_id("let") for _ in range(count)]
    for letter_id in ids:
        said = {"to": "ada@example.com", "subject": "A letter", "text": TEXT, "id": letter_id, "headers": [["Content-Language", "en"]]}
        sealed = Seal(secret).close(json.dumps(said | {"written_at": written_at.isoformat()}), letter_id)
        await life.admin.execute("insert into letter values ($1, $2, 'password_reset', $3, $4, 0, $4)", letter_id, life.customer_id, sealed, written_at)
    return ids


async def sends(life: Life, office: FakePost, now: datetime = NOW) -> int:
    return await send(UnitOfWork(life.database, Caller(None, Actor.SYSTEM, now), acquire_seconds=20), Post(office, Seal(SECRET)))


async def test_letters_outlive_the_process_that_wrote_them(life: Life, place: embedded.Urls, tmp_path: Path, root: Path) -> None:
    """The mail server takes the connection and says nothing, and the process is killed meanwhile. The worker, which writes into a folder here, finds both letters."""
    writers: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    smtp = {"smtp_host": "127.0.0.1", "smtp_port": str(silent.sockets[0].getsockname()[1]), "smtp_security": "none"}
    with process(root, place, tmp_path, secret=SECRET, **smtp) as (running, url):
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:
            answer = await client.post("/graphql", json={"query": CHANGE}, headers={"Authorization": f"Bearer {token(life.viewer)}"})
        assert answer.json()["data"]["requestEmailChange"] == {"done": True, "userErrors": []}
        running.kill()
    silent.close()
    for writer in writers:
        writer.close()
    sealed = [bytes(row["sealed"]) for row in await life.rows("letter")]
    assert len(sealed) == 2
    assert not any(word in text for word in (b"example", b"token", b"letter") for text in sealed)
    await life.admin.execute("update letter set send_at = now()")  # the minute that the dead process had them for

    environment = os.environ | {"PORTICO_DATABASE_URL": place.admin, "PORTICO_DATA_DIR": str(tmp_path), "PORTICO_SECRET": SECRET}
    done = await asyncio.to_thread(preloaded.run, ["tick"], cwd=root, env=environment, timeout=60)
    assert "2 letters sent, " in done.stdout, done.stderr
    written = [file.read_text() for file in (tmp_path / "mail").glob("*.eml")]
    assert {re.search("^To: (.*)$", text, re.MULTILINE)[1] for text in written} == {"somebody.else@example.org", f"{life.customer_id}@example.com"}
    assert await life.rows("letter") == []


async def test_the_worker_sends_what_is_left(life: Life, place: embedded.Urls, tmp_path: Path) -> None:
    [letter_id] = await left(life, written_at=datetime.now(UTC) - timedelta(minutes=1))
    await life.admin.execute("update portico.job_pass set due_at = now() - interval '1 second' where job = 'letters'")
    stop = asyncio.Event()
    settings = Settings(data_dir=tmp_path, secret=SECRET)
    worker = asyncio.create_task(run_worker(settings, DatabaseUrls(place.admin, place.app), on_ready=lambda: None, stop=stop))
    try:

        async def has_arrived() -> bool:
            return [file.name for file in (tmp_path / "mail").glob(f"*{letter_id}.eml")] != [] and await life.rows("letter") == []

        await until(has_arrived, 70)
        assert await life.rows("letter") == []
    finally:
        stop.set()
        await worker


async def test_of_several_who_send_at_once_one_sends_each_letter(life: Life) -> None:
    ids, office = await left(life, 45), FakePost()
    counts = await asyncio.gather(*(sends(life, office) for _ in range(5)))
    assert sorted(message.id for message in office.taken) == sorted(ids)
    assert sum(counts) == 45
    assert {(message.to, message.text, message.written_at) for message in office.taken} == {("ada@example.com", TEXT, NOW)}


async def test_what_no_mail_server_takes_is_tried_less_and_less_often_and_given_up_after_a_day(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    await left(life)
    office, now, tries = FakePost(refusals=[MailAway("no, ada@example.com")] * 100), NOW, []
    while await life.rows("letter"):
        before = len(office.refusals)
        assert await sends(life, office, now) == 0
        if len(office.refusals) < before:
            tries.append(int((now - NOW).total_seconds() / 60))
        now += timedelta(minutes=1)
    assert tries[:8] == [0, 1, 3, 7, 15, 31, 63, 123]
    assert tries[-1] == pytest.approx(24 * 60, abs=60)
    assert "ada@" not in caplog.text
    assert TEXT not in caplog.text


async def test_what_is_refused_for_good_is_given_up_at_once(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    await left(life)
    assert await sends(life, FakePost(refusals=[Undeliverable("no such ada@example.com")])) == 0
    assert await life.rows("letter") == []
    assert [record.getMessage() for record in caplog.records if record.name == "portico.mail"] == ["the letter password_reset could not be sent: Undeliverable"]


async def test_who_has_another_secret_leaves_a_letter_to_who_has_the_right_one(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    await left(life, secret="another secret")
    office = FakePost()
    assert await sends(life, office) == 0
    assert len(await life.rows("letter")) == 1
    assert "could not be sent yet: NotSealed" in caplog.text
    assert await sends(life, office, NOW + timedelta(days=1)) == 0
    assert await life.rows("letter") == office.taken == []


async def test_one_that_fails_keeps_no_other_back(life: Life) -> None:
    await left(life, 25)
    office = FakePost(refusals=[MailAway("busy"), RuntimeError("a bug")])
    assert await sends(life, office) == 23
    assert await sends(life, office, NOW + timedelta(minutes=1)) == 2


async def test_one_that_cannot_be_crossed_off_keeps_no_other_back(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    ids, office, done = await left(life, 25), FakePost(), SendResult()
    system = UnitOfWork(life.database, Caller(None, Actor.SYSTEM, NOW), acquire_seconds=20)
    async with failing_writes(life.admin, "letter", f"old.id = '{ids[3]}' and old.tries = 1"):
        assert await send(system, Post(office, Seal(SECRET)), done=done) == 24
    assert (done.letters, done.failures) == (24, 1)
    assert [row["id"] for row in await life.rows("letter")] == [ids[3]]
    assert "the letter password_reset could not be marked as sent: RaiseError P0001: poisoned" in caplog.text


async def test_what_is_rolled_back_sends_nothing(life: Life) -> None:
    done: list[str] = []

    async def write(what: str, *, fails: bool) -> None:
        async with UnitOfWork(life.database, Caller(life.customer_id, Actor.CUSTOMER, NOW)).write() as transaction:
            await transaction.run("letters.write", id=new_id("let"), kind=what, sealed=b"")
            transaction.afterwards.append(lambda: done.append(what))
            if fails:
                raise LookupError

    with pytest.raises(LookupError):
        await write("refused", fails=True)
    await write("done", fails=False)
    assert done == [row["kind"] for row in await life.rows("letter")] == ["done"]


async def test_nobody_but_the_worker_reads_or_sends_letters_of_others(life: Life) -> None:
    await left(life)
    for caller in (Caller("cus_01hfnzpt50e13r5x0bpw14ak9w", Actor.CUSTOMER, NOW), Caller(None, Actor.STAFF, NOW), Caller(None, Actor.ANONYMOUS, NOW)):
        async with UnitOfWork(life.database, caller).write() as transaction:
            assert await transaction.run("letters.take_on", id=None, wanted=10) == []


def test_a_seal_opens_in_its_own_row_by_its_own_secret_and_untouched() -> None:
    seal = Seal(SECRET)
    sealed = seal.close("a text", "let_1")
    assert seal.open(sealed, "let_1") == "a text"
    assert seal.close("a text", "let_1") != sealed
    for opener, text, row in ((seal, sealed, "let_2"), (Seal("another"), sealed, "let_1"), (seal, sealed[:-1], "let_1"), (seal, b"", "let_1")):
        with pytest.raises(NotSealed):
            opener.open(text, row)
