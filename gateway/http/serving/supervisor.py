"""Several processes that serve one socket: forked from a process that has imported and built everything, whose memory they share as long as nobody writes to it.

SIGTERM and SIGINT are passed on, and the supervisor ends after its processes. SIGHUP replaces them one after the other: a process is asked to end when its successor accepts
requests. A process that ends by itself is started again, after a time that doubles as long as it does not stay.
"""

import ctypes
import gc
import logging
import os
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import NoReturn

logger = logging.getLogger("portico.supervisor")

# Runs one of the processes, by its number from 0, until it is asked to end; calls the function when it accepts requests.
Run = Callable[[int, Callable[[], None]], None]

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
FIRST_BACKOFF_SECONDS = 0.5
LAST_BACKOFF_SECONDS = 30.0
# A process that lived for longer is started again as after its first end.
STABLE_SECONDS = 60.0
# How often the supervisor looks at its processes while no signal comes.
POLL_SECONDS = 0.1
# What a process may take for its end beside the times of its shutdown, before it is killed.
KILL_AFTER_SECONDS = 10.0
PR_SET_PDEATHSIG = 1


class DidNotBegin(Exception):
    """A process ended before all of them had accepted requests for the first time. It has said why."""


@dataclass(slots=True)
class ServerProcess:
    """One process. `ready` is the end of a pipe on which it says that it accepts requests."""

    number: int
    pid: int
    ready: int
    started_at: float
    is_ready: bool = False
    is_ending: bool = False


@dataclass(slots=True)
class Supervisor:
    """Keeps `count` processes running. `ending_seconds` are those that a process may take to end after SIGTERM; `on_end` is called when that begins."""

    count: int
    run: Run
    ending_seconds: float
    on_ready: Callable[[], None]
    on_end: Callable[[], None]
    _processes: list[ServerProcess] = field(default_factory=list)
    _due: dict[int, float] = field(default_factory=dict)
    _backoff: dict[int, float] = field(default_factory=dict)
    _to_replace: list[int] = field(default_factory=list)
    _replaced: int | None = None
    _ends_by: float | None = None
    _has_begun: bool = False
    _has_failed: bool = False

    def supervise(self) -> None:
        """Run until SIGTERM or SIGINT, and until all processes have ended. Raises DidNotBegin."""
        gc.collect()
        gc.freeze()
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        try:
            for number in range(self.count):
                self._start(number)
            while self._processes or self._ends_by is None:
                received = signal.sigtimedwait(HANDLED, POLL_SECONDS)
                if received is not None:
                    self._handle(signal.Signals(received.si_signo))
                self._look()
        finally:
            self._signal_all(signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        if self._has_failed:
            raise DidNotBegin

    def _handle(self, received: signal.Signals) -> None:
        if received in (signal.SIGTERM, signal.SIGINT):
            if self._ends_by is None:
                self._ends_by = monotonic() + self.ending_seconds + KILL_AFTER_SECONDS
                self.on_end()
            self._signal_all(received)
        elif received == signal.SIGHUP and self._ends_by is None and not self._to_replace:
            logger.info("the processes are replaced one after the other")
            self._to_replace = [process.number for process in self._processes if not process.is_ending]

    def _look(self) -> None:
        """Notice which processes are ready and which have ended, and start those that are due."""
        for process in list(self._processes):
            self._notice(process)
        if self._ends_by is not None:
            if monotonic() > self._ends_by:
                self._signal_all(signal.SIGKILL)
            return
        if not self._has_begun and len(self._processes) == self.count and all(process.is_ready for process in self._processes):
            self._has_begun = True
            self.on_ready()
        for number in [number for number, due in self._due.items() if monotonic() >= due]:
            del self._due[number]
            self._start(number)
        self._replace_next()

    def _notice(self, process: ServerProcess) -> None:
        if not process.is_ready and select.select([process.ready], [], [], 0)[0]:
            process.is_ready = os.read(process.ready, 1) != b""
        pid, status = os.waitpid(process.pid, os.WNOHANG)
        if pid:
            self._processes.remove(process)
            os.close(process.ready)
            self._ended(process, os.waitstatus_to_exitcode(status))

    def _ended(self, process: ServerProcess, code: int) -> None:
        """Have a process that ended by itself started again; a negative code is the number of a signal."""
        if self._ends_by is not None:
            return
        if not self._has_begun:
            self._has_failed = True
            self._handle(signal.SIGTERM)
            return
        if process.number == self._replaced:
            self._replaced = None
        if others := [other for other in self._processes if other.number == process.number]:
            if others[0].started_at < process.started_at:
                logger.warning("a successor did not stay, so no other process is replaced", extra={"worker": process.number, "code": code})
                self._to_replace = []
            return
        is_stable = monotonic() - process.started_at > STABLE_SECONDS
        seconds = FIRST_BACKOFF_SECONDS if is_stable else self._backoff.get(process.number, FIRST_BACKOFF_SECONDS)
        self._backoff[process.number] = min(2 * seconds, LAST_BACKOFF_SECONDS)
        self._due[process.number] = monotonic() + seconds
        logger.warning("a server process ended and is started again", extra={"worker": process.number, "code": code, "after_seconds": seconds})

    def _replace_next(self) -> None:
        """Go on with the replacement: ask a process to end whose successor is ready, or start the next successor."""
        if self._replaced is not None:
            older, successor = [process for process in self._processes if process.number == self._replaced]
            if successor.is_ready and not older.is_ending:
                older.is_ending = True
                os.kill(older.pid, signal.SIGTERM)
        elif self._to_replace:
            self._replaced = self._to_replace.pop(0)
            if any(process.number == self._replaced for process in self._processes):
                self._start(self._replaced)
            else:
                self._replaced = None

    def _start(self, number: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        ready, is_ready = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            os.close(ready)
            self._be_process(number, is_ready, parent)
        os.close(is_ready)
        self._processes.append(ServerProcess(number, pid, ready, monotonic()))

    def _be_process(self, number: int, is_ready: int, parent: int) -> NoReturn:
        """Run as the new process, which never returns to the code of the supervisor."""
        code = 1
        try:
            os.setpgrp()  # a signal of the terminal reaches the supervisor, which passes it on
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
            if os.getppid() == parent:
                self.run(number, lambda: _say(is_ready))
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except BaseException:  # the process ends without the handlers of the supervisor
            logger.exception("a server process failed", extra={"worker": number})
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _signal_all(self, received: signal.Signals) -> None:
        for process in self._processes:
            process.is_ending = True
            os.kill(process.pid, received)


def _say(is_ready: int) -> None:
    os.write(is_ready, b"1")
