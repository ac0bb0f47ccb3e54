"""Join tagged PDFs, each with some rows of one table, into one that has the whole table in its structure tree (ISO 32000-1, 14.7)."""

import re
from io import BytesIO

from pikepdf import Array, Dictionary, Name, Object, ObjectStreamMode, Pdf

PAGES_IN_XMP = re.compile(rb"<xmpTPg:NPages>\d+<")


class MergedPdf:
    """The first PDF, to which the rows, the pages and the elements behind the table of the others are appended."""

    def __init__(self) -> None:
        self._whole: Pdf | None = None
        self._marked: list[tuple[int, Object]] = []

    @property
    def pages(self) -> int:
        return len(self._pdf.pages)

    @property
    def _pdf(self) -> Pdf:
        assert self._whole is not None
        return self._whole

    def add(self, pdf: bytes, *, is_last: bool, rows: int) -> int:
        """Append a PDF of `rows` rows and return how many of them it contributes. Its last page and the rows on it are left out, unless it is the last PDF or has one page."""
        part = Pdf.open(BytesIO(pdf))
        appended = rows if is_last or len(part.pages) == 1 else rows - _drop_last_page(part)
        if self._whole is None:
            self._whole = part
            self._marked = _numbers(part)
        else:
            self._append(part)
        return appended

    def pdf(self, feet: bytes) -> bytes:
        """Return the joined PDF, with each page of `feet` laid over the page of the same number."""
        whole = self._pdf
        with Pdf.open(BytesIO(feet)) as over:
            for number, (page, foot) in enumerate(zip(whole.pages, over.pages, strict=True), 1):
                # Not `add_overlay`, which chooses random names: the same paper must give the same bytes.
                name = page.add_resource(whole.copy_foreign(foot.as_form_xobject()), Name.XObject, Name(f"/Foot{number}"))
                page.contents_add(f"/Artifact<</Type/Pagination/Subtype/Footer/Attached[/Bottom]>>BDC q {name} Do Q EMC".encode())
        tree = whole.Root.StructTreeRoot
        tree.ParentTree = Dictionary(Nums=Array([value for pair in self._marked for value in pair]))
        tree.ParentTreeNextKey = len(self._marked)
        metadata = whole.Root.Metadata
        metadata.write(PAGES_IN_XMP.sub(b"<xmpTPg:NPages>%d<" % self.pages, metadata.read_bytes()))
        written = BytesIO()
        whole.save(written, deterministic_id=True, object_stream_mode=ObjectStreamMode.generate)
        return written.getvalue()

    def _append(self, part: Pdf) -> None:
        whole, marked = self._pdf, dict(_numbers(part))
        for page in part.pages:
            whole.pages.append(page)
        document, body = _document(whole), _body(whole)
        following = [each for each in _document(part).K if each.S != "/Table"]
        foot = [each for each in _table(part).K if each.S == "/TFoot"]
        for parent, elements in ((body, list(_body(part).K)), (_table(whole), foot), (document, following)):
            for element in elements:
                # Its parent is deleted first, because `copy_foreign` would copy the whole tree with it.
                del element["/P"]
                copy = whole.copy_foreign(element)
                copy.P = parent
                parent.K.append(copy)
        for page in whole.pages[-len(part.pages) :]:
            number = len(self._marked)
            self._marked.append((number, whole.copy_foreign(marked[int(page.obj.StructParents)])))
            page.obj.StructParents = number


def _numbers(pdf: Pdf) -> list[tuple[int, Object]]:
    """Return for each page its number (StructParents) and the list of the structure elements of its marked contents."""
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    of_pages = {int(page.obj.StructParents) for page in pdf.pages}
    return [(int(number), elements) for number, elements in zip(numbers[::2], numbers[1::2], strict=True) if int(number) in of_pages]


def _drop_last_page(pdf: Pdf) -> int:
    """Delete the last page and its rows, and return how many rows were on it."""
    page, rows = pdf.pages[-1].obj.objgen, _body(pdf).K
    dropped = 0
    while len(rows) > 0 and _page_of(rows[-1]) == page:
        del rows[-1]
        dropped += 1
    del pdf.pages[-1]
    return dropped


def _page_of(row: Object) -> tuple[int, int] | None:
    return next((cell.Pg.objgen for cell in row.K if "/Pg" in cell), None)


def _document(pdf: Pdf) -> Object:
    (document,) = pdf.Root.StructTreeRoot.K if isinstance(pdf.Root.StructTreeRoot.K, Array) else [pdf.Root.StructTreeRoot.K]
    return document


def _table(pdf: Pdf) -> Object:
    (table,) = [each for each in _document(pdf).K if each.S == "/Table"]
    return table


def _body(pdf: Pdf) -> Object:
    (body,) = [each for each in _table(pdf).K if each.S == "/TBody"]
    return body
