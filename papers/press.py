"""Prints papers, with Typst: in threads, so that requests go on meanwhile, and only so many at once."""

import asyncio
import json
from pathlib import Path
from typing import Literal

import typst

from papers.sheet import Paper

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
ACCESSIBLE: list[Literal["ua-1"]] = ["ua-1"]


class Press:
    """`at_once` is how many papers may be printed at the same time. `fonts` is a folder with fonts for scripts that ours and the machine's do not have."""

    def __init__(self, *, at_once: int = 2, fonts: Path | None = None) -> None:
        folders: list[Path] = [HERE / "fonts", *([fonts] if fonts else [])]
        self._fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=folders)
        self._idle: asyncio.LifoQueue[typst.Compiler] = asyncio.LifoQueue()
        for _ in range(at_once):
            self._idle.put_nowait(typst.Compiler(root=TEMPLATES, font_paths=self._fonts))

    async def print(self, paper: Paper) -> bytes:
        """The PDF, tagged for screen readers (PDF/UA-1 wherever fonts have every letter). Waits while too many are being printed."""
        compiler = await self._idle.get()
        work = asyncio.ensure_future(asyncio.to_thread(printed, compiler, paper))
        # Who stops waiting cannot stop the thread: its compiler is idle again only when it is done.
        work.add_done_callback(lambda _: self._idle.put_nowait(compiler))
        return await asyncio.shield(work)


def printed(compiler: typst.Compiler, paper: Paper) -> bytes:
    try:
        return _compiled(compiler, paper, ACCESSIBLE)
    except typst.TypstError:
        # The standard forbids a letter that no font has. A paper with an empty box is better than none.
        return _compiled(compiler, paper, [])


def _compiled(compiler: typst.Compiler, paper: Paper, standards: list[Literal["ua-1"]]) -> bytes:
    pdf = compiler.compile(
        input=TEMPLATES / f"{paper.template}.typ",
        format="pdf",
        sys_inputs={"paper": json.dumps(paper.content)},
        pdf_standards=[*standards],
        timestamp=int(paper.made_at.timestamp()),
    )
    assert isinstance(pdf, bytes)
    return pdf
