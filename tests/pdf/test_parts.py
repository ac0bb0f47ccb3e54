"""A statement that is printed in parts is, page by page and tag by tag, the one that would be printed at once, and takes a bounded amount of memory."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise

import pikepdf
import pytest

from pdf.child_process import print_in_child
from pdf.layout import Paper
from pdf.printing import TypstCompiler
from pdf.statement import AccountStatement, EntryKind, LedgerEntry, statement_paper
from tests.pdf.samples import ACME, ADA, NOW, opened

WORDS = "an entry whose reference is so long that it takes several lines, as names of schedules and of their installments may, "


@pytest.fixture(scope="module")
def printer() -> TypstCompiler:
    return TypstCompiler([])


def entry(number: int) -> LedgerEntry:
    reference = f"INV-2026-{number:06d}" + (f" {WORDS * (number % 4)}" if number % 7 == 0 else "")
    return LedgerEntry(date(2026, 1, 1) + timedelta(days=number % 300), EntryKind.INVOICE, reference, 11_900)


def paper(count: int) -> Paper:
    statement = AccountStatement("EUR", date(2026, 1, 1), date(2026, 12, 31), 500, [entry(number) for number in range(count)])
    return statement_paper(statement, merchant=ACME, reader=ADA, made_at=NOW)


def structure(pdf: bytes) -> list[str]:
    """All elements of the structure tree, in their order, with how deep they are and the pages where their contents are."""
    document = pikepdf.open(BytesIO(pdf))
    pages = {page.obj.objgen: number for number, page in enumerate(document.pages)}

    def walk(node: pikepdf.Object, depth: int) -> list[str]:
        if isinstance(node, pikepdf.Array):
            return [line for each in node for line in walk(each, depth)]
        if not isinstance(node, pikepdf.Dictionary):
            return [f"{depth} content"]
        place = pages[node.Pg.objgen] if "/Pg" in node else ""
        return [f"{depth} {node.S} {place}", *walk(node.get("/K", pikepdf.Array()), depth + 1)]

    return walk(document.Root.StructTreeRoot.K, 0)


def strays(pdf: bytes) -> list[str]:
    """Marked contents that the parent tree does not lead to their own element, and elements whose parent is another than the one that has them."""
    document = pikepdf.open(BytesIO(pdf))
    numbers = list(document.Root.StructTreeRoot.ParentTree.Nums)
    elements = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
    wrong = [f"order of {numbers[::2]}"] if [*elements] != sorted(elements) else []
    for page in document.pages:
        for content, element in enumerate(elements[int(page.obj.StructParents)]):
            if element.Pg.objgen != page.obj.objgen or content not in [int(each) for each in element.K if isinstance(each, int)]:
                wrong.append(f"content {content} of {page.obj.objgen}")
            while element.S != "/Document":
                if element.objgen not in [each.objgen for each in element.P.K if isinstance(each, pikepdf.Dictionary)]:
                    wrong.append(f"parent of {element.objgen}")
                element = element.P
    return wrong


@pytest.mark.parametrize(("rows", "rows_in_a_part"), [(90, 89), (130, 50), (60, 45)])
async def test_a_statement_in_parts_is_the_one_that_is_printed_at_once(printer: TypstCompiler, rows: int, rows_in_a_part: int) -> None:
    made = paper(rows)
    once, parts = printer.printed(made).pdf, (await print_in_child(made, (), rows_in_a_part=rows_in_a_part)).pdf
    assert [page.extract_text().split() for page in opened(parts).pages] == [page.extract_text().split() for page in opened(once).pages]
    assert structure(parts) == structure(once)
    assert strays(once) == strays(parts) == []
    assert b"<xmpTPg:NPages>%d<" % len(opened(parts).pages) in opened(parts).root_object["/Metadata"].get_data()
    if rows == 60:
        assert (await print_in_child(made, (), rows_in_a_part=rows_in_a_part)).pdf == parts, "the same paper is the same bytes"


async def test_every_page_of_a_long_statement_is_full_and_says_its_title_and_number() -> None:
    pages = [page.extract_text() for page in opened((await print_in_child(paper(300), (), rows_in_a_part=120)).pdf).pages]
    assert len(pages) > 8
    for number, page in enumerate(pages, 1):
        text = " ".join(page.split())
        assert f"Page {number} of {len(pages)}" in text
        assert "Statement of account EUR 1 Jan 2026 – 31 Dec 2026" in text
        assert "Date Description Reference Amount Balance" in text
    # Rows of several lines leave a page with a few less; a page that a part ends on would have far less.
    assert min(page.count("INV-2026-") for page in pages[1:-1]) > max(page.count("INV-2026-") for page in pages) / 2


async def test_letters_that_no_font_has_are_named_once_for_all_parts() -> None:
    made = statement_paper(
        AccountStatement("EUR", date(2026, 1, 1), date(2026, 12, 31), 0, [replace(entry(number), reference=f"\ue000 {number}") for number in range(80)]),
        merchant=ACME,
        reader=ADA,
        made_at=NOW,
    )
    printed = await print_in_child(made, (), rows_in_a_part=50)
    assert printed.replaced == ("\ue000",)
    assert printed.is_conforming
    assert "\ufffd 79" in " ".join(opened(printed.pdf).pages[-1].extract_text().split())


LIMITED = """
import resource, sys
megabytes, rows, rows_in_a_part = map(int, sys.argv[1:])
from pdf.parts import printed_in_parts
from pdf.printing import TypstCompiler
from tests.pdf.test_parts import paper
made, printer = paper(rows), TypstCompiler([])
resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1024**2,) * 2)
pdf = printed_in_parts(printer, made, rows_in_a_part=rows_in_a_part).pdf
print(pdf[:5].decode(), len(pdf) > 50_000)
"""


@pytest.mark.parametrize(("rows_in_a_part", "is_printed"), [(400, True), (2_000, False)])
def test_parts_need_less_memory_than_the_whole(rows_in_a_part: int, is_printed: bool) -> None:
    """Each process is allowed 160 MB: enough for parts, and not for 1,600 rows at once."""
    arguments = [sys.executable, "-c", LIMITED, "160", "1600", str(rows_in_a_part)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout == "%PDF- True\n") == is_printed, done.stderr[-1000:]


def test_no_page_has_only_a_sum_and_no_row_is_on_two_pages(printer: TypstCompiler) -> None:
    """For every number of rows around the end of a page."""
    for count in range(27, 41):
        pdf = printer.printed(paper(count)).pdf
        pages = [page.extract_text() for page in opened(pdf).pages]
        assert "Balance at the end" in pages[-1]
        assert "INV-2026-" in pages[-1], f"{count} rows"
        numbers = [[int(part[:6]) for part in page.split("INV-2026-")[1:]] for page in pages]
        assert [number for page in numbers for number in page] == list(range(count))
        rows = [line for line in structure(pdf) if "/TD" in line]
        places = [int(line.rsplit(" ", 1)[1]) for line in rows if not line.endswith(" ")]
        assert all(before <= after for before, after in pairwise(places))
