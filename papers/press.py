"""Prints papers off the event loop: small ones in threads, large ones each in a process of its own."""

import asyncio
from pathlib import Path

import typst

from papers.child_process import print_in_child
from papers.printing import FONTS, compiler_with, fonts_in, printed
from papers.sheet import Paper

# A paper of so many rows takes a thread about 70 ms, of which the interpreter is held for 8 ms; starting a process takes 150 ms.
MAX_THREAD_ROWS = 100


class Press:
    """`at_once` is how many papers are printed at the same time. `fonts` is a folder with fonts for scripts that ours and the machine's do not have."""

    def __init__(self, *, at_once: int = 2, fonts: Path | None = None) -> None:
        self._font_folders = [FONTS, *([fonts] if fonts else [])]
        shared_fonts = fonts_in(self._font_folders)
        self._idle: asyncio.LifoQueue[typst.Compiler] = asyncio.LifoQueue()
        for _ in range(at_once):
            self._idle.put_nowait(compiler_with(shared_fonts))

    async def print(self, paper: Paper) -> bytes:
        """The PDF. Waits while as many are being printed as may be; the caller bounds how many wait. Raises PrintingFailed."""
        compiler = await self._idle.get()
        if paper.rows > MAX_THREAD_ROWS:
            try:
                return await print_in_child(paper, self._font_folders)
            finally:
                self._idle.put_nowait(compiler)
        work = asyncio.ensure_future(asyncio.to_thread(printed, compiler, paper))
        # A caller that is cancelled cannot stop the thread: the compiler is idle again only when the thread is done.
        work.add_done_callback(lambda _: self._idle.put_nowait(compiler))
        return await asyncio.shield(work)
