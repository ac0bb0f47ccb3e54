"""Print papers outside the event loop: small ones in threads, large ones each in a process of its own."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pdf.child_process import print_in_child
from pdf.layout import Paper, RenderedPdf

if TYPE_CHECKING:  # Typst and the fonts are a sixth of the memory of a server, and many servers print nothing: they are loaded for the first paper
    import typst

    from pdf.printing import TypstCompiler

# A paper of this many rows takes about 70 ms in a thread, which holds the interpreter's lock for 8 ms of them; the start of a process takes 150 ms.
MAX_THREAD_ROWS = 100
LOG = logging.getLogger("portico.papers")


class PdfRenderer:
    """The printers of a server. `at_once` is how many papers are printed at the same time. `fonts` are folders with fonts for letters that ours do not have.

    The printers are made for the first paper, which takes a tenth of a second longer.
    """

    def __init__(self, *, at_once: int = 2, fonts: Sequence[Path] = ()) -> None:
        self._font_folders = tuple(fonts)
        self._at_once = at_once
        self._has_started = False
        self._idle: asyncio.LifoQueue[Future[TypstCompiler]] = asyncio.LifoQueue()

    async def print(self, paper: Paper) -> bytes:
        """Return the PDF. Wait while `at_once` papers are being printed; the caller must limit the number of waiting calls. Raises PrintingFailed."""
        self._start()
        printer = await self._idle.get()
        if paper.rows > MAX_THREAD_ROWS:
            try:
                return _logged(paper, await print_in_child(paper, self._font_folders))
            finally:
                self._idle.put_nowait(printer)
        work = asyncio.ensure_future(asyncio.to_thread(lambda: printer.result().printed(paper)))
        # Cancelling the call does not stop the thread: the printer is idle again only when the thread is done.
        work.add_done_callback(lambda _: self._idle.put_nowait(printer))
        return _logged(paper, await asyncio.shield(work))

    def _start(self) -> None:
        """Read the fonts in a thread, unless that was begun before."""
        if self._has_started:
            return
        self._has_started = True
        starting = ThreadPoolExecutor(1, thread_name_prefix="fonts")
        shared_fonts = starting.submit(_fonts, self._font_folders)
        for _ in range(self._at_once):
            self._idle.put_nowait(starting.submit(lambda: _compiler(self._font_folders, shared_fonts.result())))
        starting.shutdown(wait=False)


def _fonts(folders: Sequence[Path]) -> "typst.Fonts":
    from pdf.typefaces import fonts_in

    return fonts_in(folders)


def _compiler(folders: Sequence[Path], fonts: "typst.Fonts") -> "TypstCompiler":
    from pdf.printing import TypstCompiler

    return TypstCompiler(folders, fonts)


def _logged(paper: Paper, printed: RenderedPdf) -> bytes:
    """Log the letters that no font has, and return the PDF. The letters are logged as code points, because they cannot be displayed either."""
    if printed.replaced or not printed.is_conforming:
        letters = [f"U+{ord(letter):04X}" for letter in dict.fromkeys("".join(printed.replaced))]
        extra = {"paper": paper.template, "code_points": letters, "is_conforming": printed.is_conforming}
        LOG.warning("No font has some letters of a paper; they are printed as U+FFFD. PORTICO_PAPER_FONTS names folders with more fonts.", extra=extra)
    return printed.pdf
