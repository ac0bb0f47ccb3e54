"""Commands of the gateway in processes forked from one that has imported everything: such a process starts in 0.1 s instead of 2 s.

`start` and `run` take what `subprocess.Popen` and `subprocess.run` take for `python -m gateway …`. The forked process is a real one, with its own arguments,
environment, folder, output and exit code. Tests of the start itself, of imports and of a first run start Python.

As a program (`python -m tests.servers.preloaded`) this is the process that is forked. It serves requests on the socket that is its standard input, and ends with it.
"""

import atexit
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Any

MAX_REQUEST = 1 << 17
ROOT = Path(__file__).parents[2]
# The modules that commands import when they are called.
IMPORTED = ("demo", "documents", "explain", "migrate", "serve", "tokens", "worker")


class PreloadedProcess:
    """A running command, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, arguments: Sequence[str], connection: socket.socket, stdout: IO[str] | None) -> None:
        self.args = ["python", "-m", "gateway", *arguments]
        self.stdout = stdout
        self.returncode: int | None = None
        self._connection = connection
        self.pid = int(connection.recv(32))

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                status = self._connection.recv(32)
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            self._connection.close()
            self.returncode = os.waitstatus_to_exitcode(int(status))
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> "PreloadedProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self.stdout:
            self.stdout.close()
        self.wait()


def start(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdout: IO[str] | int | None = None, stderr: IO[str] | int | None = None
) -> PreloadedProcess:
    """Start a command, such as `["serve", "--port", "0"]`. `stdout` may be a file or PIPE; `stderr` a file, a descriptor or STDOUT."""
    if stdout == subprocess.PIPE:
        read_end, write_end = os.pipe()
        with os.fdopen(write_end, "w") as out:
            return _start(arguments, cwd, env, (out, out if stderr == subprocess.STDOUT else stderr), os.fdopen(read_end, encoding="utf-8"))
    return _start(arguments, cwd, env, (stdout, stdout if stderr == subprocess.STDOUT else stderr), None)


def run(arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and return its exit code and output."""
    with open(os.memfd_create("stdout"), "w+", encoding="utf-8") as stdout, open(os.memfd_create("stderr"), "w+", encoding="utf-8") as stderr:
        process = start(arguments, cwd=cwd, env=env, stdout=stdout, stderr=stderr)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(process.args, process.returncode or 0, stdout.read(), stderr.read())


def _start(
    arguments: Sequence[str], cwd: Path, env: Mapping[str, str], outputs: tuple[IO[str] | int | None, IO[str] | int | None], read: IO[str] | None
) -> PreloadedProcess:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    numbers = [number if output is None else output if isinstance(output, int) else output.fileno() for number, output in enumerate(outputs, 1)]
    request = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}).encode()
    with theirs:
        _preloaded().send(request, [theirs.fileno(), *numbers])
    return PreloadedProcess(arguments, ours, read)


class Preloaded:
    """The process that is forked."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen([sys.executable, "-m", "tests.servers.preloaded"], cwd=ROOT, stdin=theirs)
        self._socket, self._lock = ours, Lock()
        atexit.register(self.close)

    def send(self, request: bytes, numbers: list[int]) -> None:
        with self._lock:
            socket.send_fds(self._socket, [request], numbers)

    def close(self) -> None:
        self._socket.close()
        self._process.wait(10)


@cache
def _preloaded() -> Preloaded:
    return Preloaded()


# The process that is forked.


def preload() -> None:
    """Import what commands import, build the schema, and validate the shipped documents by the limits that a server has by default."""
    import importlib

    from gateway.documents.document_cache import validate_document
    from gateway.documents.limits import DocumentLimits
    from gateway.documents.sync import shipped_texts
    from gateway.wiring import app
    from tests.sharing import share

    for name in IMPORTED:
        importlib.import_module(f"gateway.cli.commands.{name}")
    share()
    import schema

    for texts in shipped_texts().values():
        for text in texts:
            app.validate_document(schema.build(), DocumentLimits(), text)
    assert app.validate_document is not validate_document
    gc.collect()
    gc.freeze()


def serve(requests: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork a process for each request. Returns the request and its descriptors in the forked process, and None in this one when the socket is closed."""
    selector = selectors.DefaultSelector()
    selector.register(requests, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is not requests:
                _report(selector, key)
                continue
            content, numbers, _, _ = socket.recv_fds(requests, MAX_REQUEST, 3)
            if not content:
                return None
            connection = socket.socket(fileno=numbers[0])
            if not (pid := os.fork()):
                connection.close()
                requests.close()
                selector.close()
                return json.loads(content), numbers[1:]
            for number in numbers[1:]:
                os.close(number)
            connection.send(str(pid).encode())
            selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))


def _report(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Send the status of a process that has ended."""
    pid, connection = key.data
    selector.unregister(key.fileobj)
    os.close(key.fd)
    _, status = os.waitpid(pid, 0)
    with connection, suppress(OSError):  # nobody may wait for it any more
        connection.send(str(status).encode())


def become(request: dict[str, Any], numbers: list[int]) -> None:
    """Turn this process into the one that was requested."""
    for target, number in enumerate(numbers, 1):
        os.dup2(number, target)
        if number > 2:
            os.close(number)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    # New objects, because those of the start know whether the files of then can seek.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv[1:] = request["arguments"]


if __name__ == "__main__":
    preload()
    with socket.socket(fileno=os.dup(0)) as requests:
        served = serve(requests)
    if served:
        become(*served)
        runpy.run_module("gateway", run_name="__main__", alter_sys=True)
