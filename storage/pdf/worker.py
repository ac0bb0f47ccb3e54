"""A worker process that examines PDFs one after the other: `python -m storage.pdf.worker`.

Its stdin is a socket. Each message on it is one byte with the descriptor of an open file; each answer is a space, once the process has the file, and then
one line of JSON. The process ends with the server, whose end of the socket is closed then, also by `kill -9`. The parser is written in C++ and reads hostile
files, so the process has no secrets, little memory, and two seconds of processor time for each file: a file that takes more ends the process, and the server
refuses the file.
"""

import json
import logging
import os
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path

from billing.files.attachments import MAX_PROCESSOR_SECONDS, MAX_UNPACKED_BYTES
from billing.refusals import Refused
from storage.pdf.verdict import examine, set_limits

NICENESS = 5
# The highest score: when memory runs out, Linux ends this process before the server and Postgres.
OOM_SCORE = "1000"
MAX_MEMORY = 512 * 1024**2
# A worker that holds this much memory after a file, or has examined this many, is replaced: not all freed memory returns to the system.
SPENT_MEMORY = 160 * 1024**2
SPENT_FILES = 1000
DESCRIPTORS = 32
# Sent before a file is examined. If it was not sent, the file is not the cause of the process's end.
TAKEN = b" "


def main() -> None:
    _bound_process()
    set_limits()
    logging.disable()  # the parser's warnings about damaged files
    connection = socket.socket(fileno=os.dup(0))
    count = 0
    while descriptors := socket.recv_fds(connection, 1, 1)[1]:
        count += 1
        connection.sendall(TAKEN)
        answer = _answer(descriptors[0])
        answer["is_spent"] = count >= SPENT_FILES or _resident_bytes() > SPENT_MEMORY
        connection.sendall(json.dumps(answer).encode() + b"\n")


def _bound_process() -> None:
    os.nice(NICENESS)
    with suppress(OSError):  # only Linux has it
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="utf-8")
    with suppress(OSError, ValueError):  # macOS takes no limit of the address space
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


def _resident_bytes() -> int:
    """Return the resident memory in bytes. Not by getrusage, whose maximum starts at that of the parent process."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:  # macOS: only the number of files counts
        return 0


def _answer(descriptor: int) -> dict[str, object]:
    """Return the verdict on one file. The timer counts processor time and ends the process, also inside the parser."""
    signal.setitimer(signal.ITIMER_PROF, MAX_PROCESSOR_SECONDS)
    try:
        with os.fdopen(descriptor, "rb", buffering=0) as file:  # a buffer would cost one more copy of the whole
            examine(file, MAX_UNPACKED_BYTES)
    except Refused as refused:
        return {"code": refused.code, "message": refused.message}
    except Exception as error:  # the outermost handler: an error of the parser or of ours concerns one file only
        return {"error": f"{type(error).__name__}: {error}"[:500]}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {}


if __name__ == "__main__":
    main()
