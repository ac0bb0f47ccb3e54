"""Print a paper as PDF with Typst, in the calling thread."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import typst

from pdf.embedding import factur_x
from pdf.layout import Paper, RenderedPdf
from pdf.typefaces import families_in, fonts_in, ordered

TEMPLATES = Path(__file__).parent / "templates"
# For archives (PDF/A-3a) and for screen readers (PDF/UA-1).
STANDARDS: list[Literal["a-3a", "ua-1"]] = ["a-3a", "ua-1"]
# Both forbid letters that no font has, letters for private use and control characters. Typst's error names the first one.
UNPRINTABLE = re.compile(r'(?:the text|codepoint) `"(.+?)"`(?: |$)', re.DOTALL)
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
MAX_REPLACED = 30
# The font Inter has it.
REPLACEMENT = "\ufffd"
PICTURE_PAGE = """#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", height: 72pt)"""


class TypstCompiler:
    """A Typst compiler and its fonts. Prints one paper at a time."""

    def __init__(self, font_folders: Sequence[Path], fonts: typst.Fonts | None = None) -> None:
        self._families = families_in(font_folders)
        self._compiler = typst.Compiler(root=TEMPLATES, font_paths=fonts or fonts_in(font_folders))

    def printed(self, paper: Paper) -> RenderedPdf:
        return self.printed_content(paper.template, paper.content(), paper.made_at, attachment=paper.attachment())

    def printed_content(self, template: str, content: Mapping[str, Any], made_at: datetime, *, attachment: str | None = None) -> RenderedPdf:
        """Return the PDF of a template and its content. A letter that cannot be printed is replaced wherever it occurs, but not in the attachment. A PDF that does not
        conform to the standards has no attachment, since only a PDF/A-3 may be a Factur-X."""
        text = json.dumps(content, ensure_ascii=False)
        replaced: list[str] = []
        inputs = {"fonts": json.dumps(ordered(self._families, content["han"])), "einvoice": attachment or ""}
        while True:
            try:
                pdf = self._compiled(template, inputs | {"paper": text}, made_at)
                return RenderedPdf(factur_x.described(pdf) if attachment else pdf, tuple(replaced))
            except typst.TypstError as error:
                letters = _unprintable(str(error))
                if letters is None:
                    raise
                if len(replaced) == MAX_REPLACED or _in_json(letters) not in text:
                    break
                replaced.append(letters)
                text = text.replace(_in_json(letters), REPLACEMENT)
        pdf = self._compiled(template, inputs | {"paper": text, "einvoice": ""}, made_at, standards=[])
        return RenderedPdf(pdf, tuple(replaced), is_conforming=False)

    def _compiled(self, template: str, inputs: dict[str, str], made_at: datetime, *, standards: list[Literal["a-3a", "ua-1"]] = STANDARDS) -> bytes:
        pdf = self._compiler.compile(
            input=TEMPLATES / f"{template}.typ",
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=[*standards],
            timestamp=int(made_at.timestamp()),
        )
        assert isinstance(pdf, bytes)
        return pdf


def png_of_svg(svg: bytes, *, height: int) -> bytes:
    """Return the picture as a PNG that is `height` pixels high. Raises TypstError for what is not an SVG, ValueError for what is not UTF-8."""
    png = typst.compile(PICTURE_PAGE.encode(), format="png", ppi=float(height), font_paths=fonts_in(()), sys_inputs={"svg": svg.decode()})
    assert isinstance(png, bytes)
    return png


def _unprintable(message: str) -> str | None:
    """Return the unprintable letters that an error of Typst names, or None for another error."""
    match = UNPRINTABLE.search(message)
    return ESCAPED.sub(lambda each: chr(int(each[1], 16)) if each[1] else CONTROLS.get(each[2], each[2]), match[1]) if match else None


def _in_json(letters: str) -> str:
    return json.dumps(letters, ensure_ascii=False)[1:-1]
