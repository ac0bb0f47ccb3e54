"""A check of the rules of PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) that our documents could violate, because no package has veraPDF."""

import re
from collections.abc import Iterator
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Object, Pdf, Stream

FORBIDDEN_KEYS = {"/AA", "/JS", "/OpenAction", "/XFA", "/NeedAppearances", "/Encrypt", "/OPI", "/PS"}
FORBIDDEN_ACTIONS = {"/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/SetOCGState", "/Rendition", "/Trans", "/GoTo3DView"}
STANDARD_ELEMENTS = {
    *(
        "/Document",
        "/Div",
        "/Sect",
        "/P",
        "/H1",
        "/H2",
        "/Span",
        "/Table",
        "/THead",
        "/TBody",
        "/TFoot",
        "/TR",
        "/TH",
        "/TD",
        "/Figure",
        "/Artifact",
        "/NonStruct",
    )
}
PAINTS = {"Tj", "TJ", "'", '"', "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "Do", "EI", "INLINE IMAGE"}


def faults(pdf: bytes) -> list[str]:
    """Return a line for each violation; none for a document that conforms to both standards."""
    with Pdf.open(BytesIO(pdf)) as document:
        return [*_of_the_file(document, pdf), *_of_objects(document), *_of_fonts(document), *_of_tags(document), *_of_contents(document)]


def _of_the_file(document: Pdf, pdf: bytes) -> Iterator[str]:
    root = document.Root
    if not re.match(rb"%PDF-1\.[4-7]\n%[\x80-\xff]{4}", pdf):
        yield "the header"
    if document.is_encrypted or "/ID" not in document.trailer:
        yield "encrypted, or without an ID"
    text = root.Metadata.read_bytes().decode() if "/Metadata" in root else ""
    for wanted in ("<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", f"<xmpTPg:NPages>{len(document.pages)}<", "<dc:title>"):
        if wanted not in text:
            yield f"no {wanted} in the metadata"
    if "/Metadata" in root and "/Filter" in root.Metadata:
        yield "packed metadata"
    if str(document.docinfo.get("/Title", "?")) not in text.replace("&amp;", "&"):
        yield "two titles"
    if not any(each.S == "/GTS_PDFA1" and each.DestOutputProfile.N == 3 for each in root.get("/OutputIntents", [])):
        yield "no output intent"
    if not root.get("/MarkInfo", {}).get("/Marked") or root.get("/MarkInfo", {}).get("/Suspects"):
        yield "not marked"
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", str(root.get("/Lang", ""))):
        yield "no language"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "the title is not displayed"
    if any(page.obj.get("/Tabs") != "/S" for page in document.pages):
        yield "tabs do not follow the structure"


def _of_objects(document: Pdf) -> Iterator[str]:
    for each in document.objects:
        if not isinstance(each, Dictionary | Stream):
            continue
        yield from (f"the key {key}" for key in FORBIDDEN_KEYS & set(each.keys()))
        if str(each.get("/S", "")) in FORBIDDEN_ACTIONS:
            yield f"the action {each.S}"
        if each.get("/Type") == "/Filespec" and "/AFRelationship" not in each:
            yield "an attached file without its relation"
        if isinstance(each, Stream) and ("/F" in each or "/LZWDecode" in str(each.get("/Filter", ""))):
            yield "a stream outside of the file, or in LZW"


def _of_fonts(document: Pdf) -> Iterator[str]:
    fonts = [each for each in document.objects if isinstance(each, Dictionary) and each.get("/Type") == "/Font"]
    if not fonts:
        yield "no fonts"
    for font in fonts:
        if font.Subtype == "/Type0":
            if "/ToUnicode" not in font:
                yield f"{font.BaseFont} cannot be copied"
            (descendant,) = font.DescendantFonts
            if not {"/FontFile2", "/FontFile3"} & set(descendant.FontDescriptor.keys()):
                yield f"{font.BaseFont} is not embedded"
            if descendant.Subtype == "/CIDFontType2" and "/CIDToGIDMap" not in descendant:
                yield f"{font.BaseFont} has no map of its glyphs"
        elif font.Subtype not in ("/CIDFontType0", "/CIDFontType2", "/Type3"):
            yield f"a font of kind {font.Subtype}"


def _of_tags(document: Pdf) -> Iterator[str]:
    tree = document.Root.get("/StructTreeRoot")
    if tree is None:
        yield "no structure"
        return
    headings = []
    for element in _elements(tree.K):
        kind = str(element.S)
        headings += [kind] if re.fullmatch("/H[1-6]", kind) else []
        if kind not in STANDARD_ELEMENTS:
            yield f"the element {kind}"
        if kind == "/Figure" and not str(element.get("/Alt", "")):
            yield "a picture without words"
        if kind == "/TH" and not any("/Scope" in each for each in _list(element.get("/A"))):
            yield "a head without scope"
        if (
            kind == "/Table"
            and len({len(row.K) for row in _elements(element.K) if row.S == "/TR" and not any("/ColSpan" in a for c in row.K for a in _list(c.get("/A")))}) != 1
        ):
            yield "rows of different lengths"
    if headings[:1] != ["/H1"]:
        yield f"the headings {headings}"


def _of_contents(document: Pdf) -> Iterator[str]:
    numbers = list(document.Root.StructTreeRoot.ParentTree.Nums) if "/StructTreeRoot" in document.Root else []
    elements = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
    for number, page in enumerate(document.pages, 1):
        owners, marks, seen = elements.get(int(page.obj.get("/StructParents", -1)), Array()), list[str](), set[int]()
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BDC", "BMC"):
                mark = operands[1] if name == "BDC" else None
                is_tag = isinstance(mark, Dictionary) and "/MCID" in mark
                marks.append("artifact" if operands[0] == "/Artifact" else "tag" if is_tag else "other")
                seen |= {int(mark.MCID)} if is_tag else set()
            elif name == "EMC":
                marks.pop()
            elif name in PAINTS and not {"artifact", "tag"} & set(marks):
                yield f"unmarked {name} on page {number}"
            if {"artifact", "tag"} <= set(marks):
                yield f"an artifact among tags on page {number}"
        if marks or not seen <= set(range(len(owners))):
            yield f"contents of no element on page {number}"


def _elements(node: Object) -> Iterator[Object]:
    for each in _list(node):
        if isinstance(each, Dictionary) and "/S" in each:
            yield each
            yield from _elements(each.get("/K", Array()))


def _list(node: object) -> list[Object]:
    return [] if node is None else list(node) if isinstance(node, Array) else [node]  # type: ignore[list-item]
