"""Print one large paper in a process of its own: `python -m pdf.child_process`.

The process runs at a lower priority than the server, is killed when the call that needs its PDF is cancelled, and frees its memory when it ends. It forks
for the parts of a statement. A thread can do none of these, and would share the interpreter with the event loop while it lays out the rows.
"""

import asyncio
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pdf.layout import Paper, RenderedPdf

ROOT = Path(__file__).parent.parent
NICENESS = 10
# The rows of one part of a statement.
ROWS = 600
# The highest score: when memory runs out, Linux ends this process before the server and Postgres.
OOM_SCORE = "1000"
MAX_ERROR_BYTES = 2000
PARENT_SECONDS = 0.5


class PrintingFailed(Exception):
    """The process ended without a PDF; the message is its exit code and the end of its stderr."""


async def print_in_child(paper: Paper, font_folders: Sequence[Path], *, rows_in_a_part: int = ROWS) -> RenderedPdf:
    """Return the PDF. Cancelling the call kills the process. Raises PrintingFailed."""
    job = await asyncio.to_thread(pickle.dumps, (paper, font_folders, rows_in_a_part), pickle.HIGHEST_PROTOCOL)
    pipe = asyncio.subprocess.PIPE
    # A session of its own: a signal from the terminal (Ctrl-C) reaches only the server, which finishes what runs.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pdf.child_process", cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        answer, errors = await process.communicate(job)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode != 0:
        raise PrintingFailed(f"exit code {process.returncode}: {errors[-MAX_ERROR_BYTES:].decode(errors='replace')}")
    printed: RenderedPdf = await asyncio.to_thread(pickle.loads, answer)
    return printed


def main() -> None:
    """Read a pickled paper from stdin and write the pickled RenderedPdf to stdout."""
    os.nice(NICENESS)
    with suppress(OSError):  # exists on Linux only
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="utf-8")
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    paper, font_folders, rows_in_a_part = pickle.load(sys.stdin.buffer)
    # Imported here, so that the server loads neither Typst with it nor qpdf, which joins the parts.
    from pdf.parts import printed_in_parts
    from pdf.printing import TypstCompiler

    printer = TypstCompiler(font_folders)
    in_parts = paper.splits and paper.rows > rows_in_a_part
    printed = printed_in_parts(printer, paper, rows_in_a_part=rows_in_a_part) if in_parts else printer.printed(paper)
    pickle.dump(printed, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has ended: a server that was killed cannot end its child processes."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    # The whole process group, forks included: the process leads a session of its own.
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
