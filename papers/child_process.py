"""Makes the PDF of one large paper in a process of its own: `python -m papers.child_process`.

The process runs at a lower priority than the server, is ended when nobody waits for its PDF any more, and takes its memory (about 0.1 MB for each row)
with it when it is done. A thread could do none of these, and would share the interpreter with the event loop while it lays out the rows.
"""

import asyncio
import os
import pickle
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from papers.printing import compiler_with, fonts_in, printed
from papers.sheet import Paper

ROOT = Path(__file__).parent.parent
NICENESS = 10
# The highest score: when memory runs out, Linux ends this process before the server and Postgres.
OOM_SCORE = "1000"
MAX_ERROR_BYTES = 2000
PARENT_SECONDS = 0.5


class PrintingFailed(Exception):
    """The process ended without a PDF; the message is what it wrote to stderr."""


async def print_in_child(paper: Paper, font_folders: Sequence[Path]) -> bytes:
    """The PDF. A caller that is cancelled ends the process. Raises PrintingFailed."""
    job = await asyncio.to_thread(pickle.dumps, (paper, font_folders), pickle.HIGHEST_PROTOCOL)
    pipe = asyncio.subprocess.PIPE
    # A session of its own: what the terminal signals (Ctrl-C) is for the server, which finishes what runs.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "papers.child_process", cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        pdf, errors = await process.communicate(job)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        raise PrintingFailed(f"exit code {process.returncode}: {errors[-MAX_ERROR_BYTES:].decode(errors='replace')}")
    return pdf


def main() -> None:
    """Read a pickled paper from stdin and write its PDF to stdout."""
    os.nice(NICENESS)
    with suppress(OSError):  # only Linux has it
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="utf-8")
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    paper, font_folders = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(printed(compiler_with(fonts_in(font_folders)), paper))


def _end_with_parent(parent: int) -> None:
    """A server that was killed cannot end its processes, so they look for themselves."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
