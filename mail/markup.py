"""The texts of letters as blocks, which become a plain text and HTML.

Blocks are separated by empty lines. Lines that begin with `| ` are rows of a label and a value; a row without a value is left out. A line that begins with `> ` is a
button of a label and a URL. Every other block is a paragraph, and one without text is left out. The last block is the foot of the letter.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template

ROW = "| "
BUTTON = "> "
WIDTH = 72  # columns of the plain text


@dataclass(frozen=True, slots=True)
class TextBlock:
    """The lines of a block, without the marks of rows and buttons."""

    kind: str
    lines: tuple[str, ...]


def blocks_of(text: str) -> tuple[TextBlock, ...]:
    """Return the blocks of a letter's text."""
    return tuple(_block(part.split("\n")) for part in re.split(r"\n{2,}", text.strip("\n")))


def plain_text(blocks: Sequence[TextBlock], words: Mapping[str, str]) -> str:
    """Return the letter as plain text. A URL stands alone in its line, so that mail programs recognise all of it."""
    parts = [_plain(block, words) for block in blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def label_and_value(line: str) -> tuple[str, str]:
    """Return the label of a row or a button, and its value."""
    label, _, value = line.partition(":")
    return label.strip(), value.strip()


def _block(lines: list[str]) -> TextBlock:
    for mark, kind in ((ROW, "rows"), (BUTTON, "button")):
        if all(line.startswith(mark) for line in lines):
            return TextBlock(kind, tuple(line.removeprefix(mark) for line in lines))
    return TextBlock("paragraph", tuple(lines))


def _plain(block: TextBlock, words: Mapping[str, str]) -> str:
    if block.kind == "paragraph":
        return "\n".join(_wrapped(Template(line).substitute(words)) for line in block.lines).strip()
    rows = [(label, Template(value).substitute(words)) for label, value in map(label_and_value, block.lines)]
    separator = ":\n" if block.kind == "button" else ": "
    return "\n".join(f"{label}{separator}{value}" for label, value in rows if value)


def _wrapped(line: str) -> str:
    """Break a long line between words. Shorter lines stay as they were written."""
    if len(line) <= WIDTH + 6:
        return line
    return textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
