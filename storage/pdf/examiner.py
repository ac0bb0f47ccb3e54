"""Examination of PDFs by a small pool of worker processes, which are started on first use and replaced when they end."""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing.refusals import ErrorCode, Refused
from storage.pdf.refusing import TOO_COMPLEX

logger = logging.getLogger("portico.pdf")

ROOT = Path(__file__).parent.parent.parent
# The only environment variables of a worker: a parser of hostile files must not read the server's settings.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")
AT_ONCE = 2
# How long a worker may take in wall-clock time, its start included: on a busy machine two seconds of processor time take longer.
PATIENCE_SECONDS = 8.0
MAX_ANSWER = 64 * 1024
NOT_EXAMINED = "The PDF could not be checked now. Try again later."
# How many workers are tried for a file when a worker is killed from outside, as the kernel does when memory runs out.
TRIES = 2


class WorkerEnded(Exception):
    """The worker has ended during a file. `code` is as in asyncio: negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


class NotTaken(WorkerEnded):
    """The worker has ended before it received the file. Its exit code says nothing about the file."""


@dataclass(frozen=True, slots=True)
class Worker:
    process: asyncio.subprocess.Process
    connection: socket.socket

    async def verdict(self, descriptor: int) -> dict[str, Any]:
        """Return the worker's answer about an open file: white space, which confirms that the worker has the file, and a line of JSON. Raises WorkerEnded."""
        loop = asyncio.get_running_loop()
        answer = b""
        with suppress(OSError):  # the worker has ended: there is no answer
            socket.send_fds(self.connection, [b"f"], [descriptor])
            while not answer.endswith(b"\n") and (piece := await loop.sock_recv(self.connection, MAX_ANSWER)):
                answer += piece
        if not answer.endswith(b"\n"):
            code = await self.process.wait()
            raise WorkerEnded(code) if answer else NotTaken(code)
        verdict: dict[str, Any] = json.loads(answer)
        return verdict

    async def end(self) -> None:
        self.connection.close()
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
        await self.process.wait()


class Examiner:
    """Examines at most `at_once` files at the same time, and only one per customer, so that a customer's expensive files do not delay others'."""

    def __init__(self, *, at_once: int = AT_ONCE, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._at_once = at_once
        self._places = asyncio.Semaphore(at_once)
        self._patience_seconds = patience_seconds
        self._idle: list[Worker] = []
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()

    async def examine(self, descriptor: int, customer_id: str) -> None:
        """Examine the open file. Raises Refused; NOT_SCANNED when it was not possible now and may be later. Cancellation ends the worker."""
        async with self._turn(customer_id), self._places:
            for _ in range(TRIES):
                try:
                    async with asyncio.timeout(self._patience_seconds):
                        verdict = await self._request(descriptor)
                except NotTaken as ended:
                    logger.error("a PDF worker process has ended before it received a file: %s", ended)
                    continue
                except WorkerEnded as ended:
                    _judge_end(ended)
                    continue
                except TimeoutError:
                    logger.error("a PDF was not examined within %g seconds", self._patience_seconds)
                    break
                return _raise_if_refused(verdict)
        raise Refused(ErrorCode.NOT_SCANNED, NOT_EXAMINED)

    async def start(self) -> None:
        """Start the workers, so that the first files do not wait for their start."""
        self._idle += [await _started() for _ in range(self._at_once - len(self._idle))]

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().end()

    @asynccontextmanager
    async def _turn(self, customer_id: str) -> AsyncIterator[None]:
        self._waiting[customer_id] += 1
        try:
            async with self._turns.setdefault(customer_id, asyncio.Lock()):
                yield
        finally:
            self._waiting[customer_id] -= 1
            if not self._waiting[customer_id]:
                del self._waiting[customer_id], self._turns[customer_id]

    def _idle_worker(self) -> Worker | None:
        """Return an idle worker that has not ended, as far as is known; None if there is none."""
        while self._idle:
            worker = self._idle.pop()
            if worker.process.returncode is None:
                return worker
            worker.connection.close()
        return None

    async def _request(self, descriptor: int) -> dict[str, Any]:
        while worker := self._idle_worker():
            with suppress(NotTaken):  # it ended while it was idle, perhaps killed by the kernel when memory ran out
                return await self._answer(worker, descriptor)
        return await self._answer(await _started(), descriptor)

    async def _answer(self, worker: Worker, descriptor: int) -> dict[str, Any]:
        """Return the worker's answer. A worker that gave no answer, or is spent, is ended."""
        is_whole = False
        try:
            verdict = await worker.verdict(descriptor)
            is_whole = not verdict["is_spent"]
        finally:
            if is_whole:
                self._idle.append(worker)
            else:
                await asyncio.shield(worker.end())
        return verdict


async def _started() -> Worker:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    try:
        # A session of its own: the terminal's signal (Ctrl-C) is for the server, which finishes the running files.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "storage.pdf.worker",
            cwd=ROOT,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            stdin=theirs.fileno(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return Worker(process, ours)


def _judge_end(ended: WorkerEnded) -> None:
    """Raise Refused for the file of an ended worker, unless the worker was killed from outside: then the file may be tried again."""
    if ended.code == -signal.SIGPROF:
        raise Refused(ErrorCode.TOO_COMPLEX, TOO_COMPLEX)
    logger.error("a PDF worker process has ended: %s", ended)
    if ended.code not in (-signal.SIGKILL, -signal.SIGTERM, 0):
        raise Refused(ErrorCode.TOO_COMPLEX, TOO_COMPLEX)


def _raise_if_refused(verdict: dict[str, Any]) -> None:
    if "error" in verdict:
        logger.error("a PDF could not be examined: %s", verdict["error"])
        raise Refused(ErrorCode.TOO_COMPLEX, TOO_COMPLEX)
    if "code" in verdict:
        raise Refused(ErrorCode(verdict["code"]), verdict["message"])
