"""Makes a PDF of a paper, with Typst, in the thread that calls."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import typst

from papers.sheet import Paper

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
FONTS = HERE / "fonts"
ACCESSIBLE: list[Literal["ua-1"]] = ["ua-1"]


def fonts_in(folders: Sequence[Path]) -> typst.Fonts:
    """The fonts of these folders and the machine's."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=[*folders])


def compiler_with(fonts: typst.Fonts) -> typst.Compiler:
    return typst.Compiler(root=TEMPLATES, font_paths=fonts)


def printed(compiler: typst.Compiler, paper: Paper) -> bytes:
    """The PDF, tagged for screen readers (PDF/UA-1 wherever fonts have every letter)."""
    content = json.dumps(paper.content())
    try:
        return _compiled(compiler, paper, content, ACCESSIBLE)
    except typst.TypstError:
        # The standard forbids a letter that no font has. A paper with an empty box is better than none.
        return _compiled(compiler, paper, content, [])


def _compiled(compiler: typst.Compiler, paper: Paper, content: str, standards: list[Literal["ua-1"]]) -> bytes:
    pdf = compiler.compile(
        input=TEMPLATES / f"{paper.template}.typ",
        format="pdf",
        sys_inputs={"paper": content},
        pdf_standards=[*standards],
        timestamp=int(paper.made_at.timestamp()),
    )
    assert isinstance(pdf, bytes)
    return pdf
