"""Print a long paper in parts, because Typst needs 80 KB of memory for each row of a table until the whole PDF is written.

Each part is printed in a fork of this process, whose memory is freed when it ends. The parts are joined into one PDF, and the page footers, which contain the
number of pages, are laid over the pages at the end. Only for a process that has not printed before: a fork does not have Typst's threads, and would wait for
them for ever.
"""

import multiprocessing
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from pdf.joining import MergedPdf
from pdf.layout import Paper, RenderedPdf
from pdf.printing import TypstCompiler

FORKS = multiprocessing.get_context("fork")


class PartFailed(Exception):
    """A fork ended without its part; the message is its exit code and error."""


def printed_in_parts(printer: TypstCompiler, paper: Paper, *, rows_in_a_part: int) -> RenderedPdf:
    """Return the PDF. While more rows follow, the last page of a part is left out and printed again with the next part, so that every page is full.

    Raises PartFailed.
    """
    assert paper.splits
    content = dict(paper.content())
    rows, joined, start, parts = content.pop(paper.splits), MergedPdf(), 0, list[RenderedPdf]()
    while start < len(rows) or not parts:
        share = rows[start : start + rows_in_a_part]
        is_last = start + len(share) == len(rows)
        part = content | {paper.splits: share, "part": {"first": start == 0, "last": is_last, "footers": False}}
        parts.append(_print_in_fork(printer, paper, paper.template, part))
        start += joined.add(parts[-1].pdf, is_last=is_last, rows=len(share))
    feet = {**content, "pages": joined.pages, "part": {"first": False, "last": False, "footers": True}}
    parts.append(_print_in_fork(printer, paper, "footers", feet))
    letters = dict.fromkeys(letters for part in parts for letters in part.replaced)
    return RenderedPdf(joined.pdf(parts[-1].pdf), tuple(letters), all(part.is_conforming for part in parts))


def _print_in_fork(printer: TypstCompiler, paper: Paper, template: str, content: Mapping[str, Any]) -> RenderedPdf:
    return _in_fork(lambda: printer.printed_content(template, content, paper.made_at))


def _in_fork(work: Callable[[], RenderedPdf]) -> RenderedPdf:
    """Run `work` in a fork and return its result. Raises PartFailed."""
    receiver, sender = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_send, args=(sender, work), daemon=True)
    process.start()
    sender.close()
    try:
        result = receiver.recv()
    except EOFError:
        result = None
    process.join()
    if not isinstance(result, RenderedPdf):
        raise PartFailed(f"exit code {process.exitcode}: {result}")
    return result


def _send(sender: Connection, work: Callable[[], RenderedPdf]) -> None:
    try:
        sender.send(work())
    except Exception as error:
        sender.send(f"{type(error).__name__}: {error}")
