"""The mark of Factur-X in the metadata (XMP) of a PDF that has an e-invoice attached, which Typst attaches but cannot describe.

The metadata stream is not compressed and the table of objects has entries of a fixed width (ISO 32000-1, 7.5.4), so that the stream can grow in place: everything behind
it moves by as many bytes. A PDF library would write the whole file again, which takes longer than printing it.
"""

import re

FILE_NAME = "factur-x.xml"
PROPERTIES = {
    "DocumentType": ("INVOICE", "Kind of the attached document"),
    "DocumentFileName": (FILE_NAME, "Name of the attached XML"),
    "Version": ("1.0", "Version of the Factur-X schema"),
    "ConformanceLevel": ("EN 16931", "Profile of the attached XML"),
}
NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
# PDF/A allows only properties that the file describes itself (ISO 19005-3, 6.6.2.3.2).
_DESCRIBED = "".join(
    f'<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>{meaning}</pdfaProperty:description>'
    f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
    for name, (_, meaning) in PROPERTIES.items()
)
SCHEMA = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    f"<pdfaSchema:property><rdf:Seq>{_DESCRIBED}</rdf:Seq></pdfaSchema:property></rdf:li>"
).encode()
VALUES = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in PROPERTIES.items())
DESCRIPTION = f'<rdf:Description rdf:about="" xmlns:fx="{NAMESPACE}">{VALUES}</rdf:Description>'.encode()
SCHEMAS_END = b"</rdf:Bag></pdfaExtension:schemas>"
RDF_END = b"</rdf:RDF>"
ROOT = re.compile(rb"/Root (\d+) 0 R")
METADATA = re.compile(rb"/Metadata (\d+) 0 R")
STREAM = re.compile(rb"\d+ 0 obj\s*<<(?:(?!>>).)*?/Length (\d+)(?:(?!>>).)*?>>\s*stream\r?\n", re.DOTALL)
TABLE = re.compile(rb"xref\s+0 (\d+)\s+")
ENTRY_BYTES = 20
OFFSET_DIGITS = 10


class UnknownLayout(Exception):
    """The PDF is not laid out as Typst lays it out; the message says what is missing."""


def described(pdf: bytes) -> bytes:
    """Return the PDF with the properties of Factur-X in its metadata. Raises UnknownLayout."""
    table_at, table = _table(pdf)
    metadata_at = _offset(table, _number(METADATA, pdf[_offset(table, _number(ROOT, pdf[table_at:])) : table_at]))
    head = STREAM.match(pdf, metadata_at)
    if head is None:
        raise UnknownLayout("no metadata in a stream of its own")
    old = pdf[head.end() : head.end() + int(head[1])]
    if SCHEMAS_END not in old or RDF_END not in old:
        raise UnknownLayout("no extension schemas in the metadata")
    new = old.replace(SCHEMAS_END, SCHEMA + SCHEMAS_END, 1).replace(RDF_END, DESCRIPTION + RDF_END, 1)
    stream = pdf[metadata_at : head.start(1)] + b"%d" % len(new) + pdf[head.end(1) : head.end()] + new
    grown = len(stream) - (head.end() + len(old) - metadata_at)
    body = pdf[:metadata_at] + stream + pdf[head.end() + len(old) : table_at]
    return body + _moved(pdf[table_at:], table, metadata_at, grown)


def _table(pdf: bytes) -> tuple[int, bytes]:
    """Return where the table of objects is, and its entries."""
    start = int(pdf[pdf.rindex(b"startxref") :].split()[1])
    head = TABLE.match(pdf, start)
    if head is None:
        raise UnknownLayout("no table of objects")
    return start, pdf[head.end() : head.end() + ENTRY_BYTES * int(head[1])]


def _offset(table: bytes, number: int) -> int:
    return int(table[ENTRY_BYTES * number : ENTRY_BYTES * number + OFFSET_DIGITS])


def _number(pattern: re.Pattern[bytes], part: bytes) -> int:
    match = pattern.search(part)
    if match is None:
        raise UnknownLayout(f"no {pattern.pattern.decode()}")
    return int(match[1])


def _moved(end: bytes, table: bytes, after: int, by: int) -> bytes:
    """Return the end of the PDF, from the table of objects on, with objects behind `after` moved."""
    entries = [table[start : start + ENTRY_BYTES] for start in range(0, len(table), ENTRY_BYTES)]
    moved = b"".join(b"%010d" % (int(each[:OFFSET_DIGITS]) + by) + each[OFFSET_DIGITS:] if _is_behind(each, after) else each for each in entries)
    before, start = end.replace(table, moved, 1).rsplit(b"startxref", 1)
    return before + b"startxref\n%d\n%%%%EOF" % (int(start.split()[0]) + by)


def _is_behind(entry: bytes, after: int) -> bool:
    return entry[17:18] == b"n" and int(entry[:OFFSET_DIGITS]) > after
