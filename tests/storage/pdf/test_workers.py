"""The processes that judge PDFs: bounded, replaced when they end, and never longer there than the server."""

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bench.runner.processes import cpu_seconds
from billing.refusals import ErrorCode, Refused
from storage.pdf.examiner import Examiner
from tests.samples import pdf, pdf_of
from tests.storage.pdf.bombs import BOMBS
from tests.storage.pdf.grammar import objects_of
from tests.storage.pdf.judging import examining, refuse_pdf
from tests.waiting import until

SCRIPT = pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert) >>")
# Takes some tenths of a second of the processor, and is accepted.
COSTLY = pdf_of([*objects_of(page=b"/B [ %s ]" % (b"<< /A << /S /URI /URI (x) >> >> " * 6_000))])
COSTLY_SECONDS = 0.03
# On a busy machine the two seconds of the processor that a file may have take longer.
ANSWER_SECONDS = 30.0
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def examiner() -> AsyncIterator[Examiner]:
    async with examining(patience_seconds=ANSWER_SECONDS) as examiner:
        yield examiner


# Of servers that other tests have started in this process.
of_others: set[int] = set()


@pytest.fixture(autouse=True)
def _only_own_workers_count() -> None:
    of_others.clear()
    of_others.update(workers())


def workers(parent: int | None = None) -> list[int]:
    """The processes that judge PDFs for a process, without those that were there before the test."""
    tasks = Path(f"/proc/{parent or os.getpid()}/task").iterdir()
    pids = [pid for task in tasks for pid in children_of(task)]
    return [pid for pid in pids if pid not in of_others and b"storage.pdf.worker" in command_of(pid)]


def children_of(task: Path) -> list[int]:
    """None for a thread that has ended."""
    try:
        return [int(pid) for pid in (task / "children").read_text(encoding="utf-8").split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_of(pid: int) -> bytes:
    """Empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def there_are(number: int) -> Callable[[], Awaitable[bool]]:
    """Whether so many processes judge PDFs; one that was forked a moment ago may not have its name yet."""

    async def reached() -> bool:
        return len(workers()) == number

    return reached


async def code_of(content: bytes, examiner: Examiner) -> ErrorCode | None:
    """The refusal's code, within the time in which there always is an answer."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await refuse_pdf(content, examiner)
    except Refused as refused:
        return refused.code
    return None


@contextlib.asynccontextmanager
async def busy(examiner: Examiner, customer_id: str = "cus_1") -> AsyncIterator[tuple["asyncio.Task[None]", int]]:
    """A file that is being judged by a worker which stands still, and that worker."""
    (worker,) = [pid for pid in workers()][-1:]
    os.kill(worker, signal.SIGSTOP)
    file = os.memfd_create("a.pdf")
    os.write(file, SCRIPT)
    task = asyncio.create_task(examiner.examine(file, customer_id))
    await asyncio.sleep(0.05)
    try:
        yield task, worker
    finally:
        task.cancel()
        await asyncio.wait({task})
        os.close(file)


@contextlib.asynccontextmanager
async def judging(examiner: Examiner) -> AsyncIterator[tuple["asyncio.Task[ErrorCode | None]", int]]:
    """A costly file whose worker has taken it and stands still in the middle of it, and that worker."""
    (worker,) = workers()
    before = cpu_seconds(worker)

    async def works() -> bool:
        return cpu_seconds(worker) > before + COSTLY_SECONDS

    task = asyncio.create_task(code_of(COSTLY, examiner))
    await until(works)
    os.kill(worker, signal.SIGSTOP)
    assert not task.done()
    yield task, worker


async def test_a_worker_judges_one_file_after_the_other(examiner: Examiner) -> None:
    assert await code_of(pdf(), examiner) is None
    first = workers()
    assert await code_of(SCRIPT, examiner) == ErrorCode.UNSAFE_FILE
    assert await code_of(pdf(), examiner) is None
    assert workers() == first


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGSEGV])
async def test_how_idle_workers_end_says_nothing_about_the_next_file(ended_by: signal.Signals) -> None:
    async with examining(patience_seconds=ANSWER_SECONDS) as examiner:
        await examiner.start()
        await until(there_are(2))
        for worker in workers():
            os.kill(worker, ended_by)
        await until(there_are(0))
        assert await code_of(pdf(), examiner) is None
        assert await code_of(SCRIPT, examiner) == ErrorCode.UNSAFE_FILE


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGSEGV, signal.SIGPROF])
async def test_an_idle_worker_whose_end_is_not_known_yet_says_nothing_about_the_next_file(examiner: Examiner, ended_by: signal.Signals) -> None:
    await examiner.start()
    await until(there_are(2))
    ended = workers()
    for worker in ended:
        os.kill(worker, ended_by)
    assert await code_of(pdf(), examiner) is None
    assert not set(ended) & set(workers())


@pytest.mark.parametrize("bomb", [name for name in BOMBS if "many" not in name])
async def test_what_takes_too_much_is_refused_and_the_next_file_is_judged(examiner: Examiner, bomb: str) -> None:
    assert await code_of(BOMBS[bomb](), examiner) == ErrorCode.TOO_COMPLEX
    assert await code_of(pdf(), examiner) is None


async def test_a_worker_that_holds_much_memory_is_replaced(examiner: Examiner, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await code_of(pdf(), examiner) is None
    first = workers()
    assert await code_of(BOMBS["an object stream of many objects"](), examiner) in (None, ErrorCode.TOO_COMPLEX)
    assert await code_of(pdf(), examiner) is None
    assert workers() != first


async def test_a_worker_has_bounds_a_low_priority_a_session_of_its_own_and_no_settings(examiner: Examiner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_SECRET", "s3cret")
    await examiner.start()
    assert await code_of(pdf(), examiner) is None
    process = Path(f"/proc/{workers()[-1]}")
    bounds = process.joinpath("limits").read_text(encoding="utf-8")
    assert f"Max address space         {512 * 1024**2}" in bounds
    assert "Max file size             0" in bounds
    assert "Max core file size        0" in bounds
    assert b"PORTICO" not in process.joinpath("environ").read_bytes()
    assert os.getsid(workers()[-1]) != os.getsid(0)
    assert os.getpriority(os.PRIO_PROCESS, workers()[-1]) > os.getpriority(os.PRIO_PROCESS, 0)


async def test_a_worker_that_ended_between_two_files_is_not_noticed(examiner: Examiner) -> None:
    assert await code_of(pdf(), examiner) is None
    os.kill(workers()[0], signal.SIGKILL)
    assert await code_of(SCRIPT, examiner) == ErrorCode.UNSAFE_FILE


async def test_a_file_whose_worker_is_killed_is_judged_by_another(examiner: Examiner) -> None:
    assert await code_of(pdf(), examiner) is None
    async with judging(examiner) as (task, worker):
        os.kill(worker, signal.SIGKILL)
        assert await task is None
    async with busy(examiner) as (not_taken, worker):
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(Refused, match="script"):
            await not_taken


async def test_a_file_on_which_the_parser_crashes_is_refused(examiner: Examiner) -> None:
    assert await code_of(pdf(), examiner) is None
    async with judging(examiner) as (task, worker):
        os.kill(worker, signal.SIGSEGV)
        os.kill(worker, signal.SIGCONT)
        assert await task == ErrorCode.TOO_COMPLEX
    assert await code_of(pdf(), examiner) is None


async def test_a_file_that_a_crashed_worker_never_took_is_judged_by_another(examiner: Examiner) -> None:
    assert await code_of(pdf(), examiner) is None
    async with busy(examiner) as (task, worker):
        os.kill(worker, signal.SIGSEGV)
        os.kill(worker, signal.SIGCONT)
        with pytest.raises(Refused, match="script"):
            await task


async def test_a_file_that_gets_no_answer_may_be_sent_again(examiner: Examiner) -> None:
    async with examining() as impatient:
        assert await code_of(pdf(), impatient) is None
        impatient._patience_seconds = 0.3
        async with busy(impatient) as (task, worker):
            with pytest.raises(Refused) as refused:
                await task
        assert refused.value.code == ErrorCode.NOT_SCANNED
        assert worker not in workers()
        impatient._patience_seconds = ANSWER_SECONDS
        assert await code_of(pdf(), impatient) is None


async def test_nobody_waiting_ends_the_worker(examiner: Examiner) -> None:
    assert await code_of(pdf(), examiner) is None
    async with busy(examiner) as (task, worker):
        task.cancel()
        await asyncio.wait({task})
        assert worker not in workers()
    assert await code_of(pdf(), examiner) is None


async def test_one_customers_files_leave_a_worker_to_others(examiner: Examiner) -> None:
    assert await code_of(pdf(), examiner) is None
    async with busy(examiner, "cus_2") as (task, _):
        file = os.memfd_create("b.pdf")
        os.write(file, pdf())
        waiting = asyncio.create_task(examiner.examine(file, "cus_2"))
        assert await code_of(pdf(), examiner) is None
        assert not task.done()
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait({waiting})
        os.close(file)


SERVER = """
import asyncio, sys
from storage.pdf.examiner import Examiner
async def main():
    examiner = Examiner()
    await examiner.start()
    print("READY", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_the_workers_of_a_server_that_is_killed_end(examiner: Examiner) -> None:
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVER, cwd=ROOT, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert await asyncio.wait_for(server.stdout.readline(), ANSWER_SECONDS) == b"READY\n"
    pids = workers(server.pid)
    assert len(pids) == 2
    server.kill()
    await server.wait()

    async def ended() -> bool:
        return not any(_runs(pid) for pid in pids)

    await until(ended, seconds=ANSWER_SECONDS)


def _runs(pid: int) -> bool:
    try:
        return b"storage.pdf.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_files_and_descriptors_do_not_grow(examiner: Examiner) -> None:
    assert await code_of(pdf(), examiner) is None
    gc.collect()  # what earlier tests left open
    descriptors = len(os.listdir("/proc/self/fd"))
    theirs = len(os.listdir(f"/proc/{workers()[0]}/fd"))
    for _ in range(20):
        assert await code_of(SCRIPT, examiner) == ErrorCode.UNSAFE_FILE
    # Other parts of this process may open some meanwhile; one that is left open for each file would be 20.
    assert len(os.listdir("/proc/self/fd")) < descriptors + 10
    assert len(os.listdir(f"/proc/{workers()[0]}/fd")) == theirs
