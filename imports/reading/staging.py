"""All lines of a folder, checked one by one, and then grouped by their customers, in temporary files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from imports.formats.fields import LineKind
from imports.formats.kinds import KINDS
from imports.reading.files import InputLine, lines_of
from imports.reading.objects import parsed
from imports.reading.sorting import ExternalSort
from imports.reading.values import external_id
from imports.reasons import ImportReason, LineFault

SUFFIXES = (".jsonl", ".csv")
# What a record of the groups is: a line, or a fault of a line that was found before the groups are planned.
LINE, FAULT, SHARED = b"L", b"F", b"S"

# Called with a kind, a line's number and its fault.
TellFault = Callable[[LineKind, int, LineFault], None]


class TwoFiles(Exception):
    """The folder has two files of one kind."""


@dataclass(slots=True)
class ImportLine:
    """A line of a customer. `fault`: why it is skipped whatever the database has, which was reported already if `is_reported`. `is_sharing`: an earlier line has its e-mail
    address, and it allows that."""

    kind: LineKind
    number: int
    external_id: str
    content: dict[str, Any]
    input_hash: str
    fault: LineFault | None = None
    is_sharing: bool = False
    is_reported: bool = False


@dataclass(slots=True)
class CustomerLines:
    """All lines of one customer, by its external id, in the order of the kinds and of their files."""

    customer: str
    lines: list[ImportLine] = field(default_factory=list)


def files_of(folder: Path) -> dict[str, Path]:
    """Return the file of each kind that has one. Raises TwoFiles."""
    files: dict[str, Path] = {}
    for kind in KINDS:
        paths = [path for suffix in SUFFIXES if (path := folder / f"{kind.name}{suffix}").is_file()]
        if len(paths) > 1:
            raise TwoFiles(f"{folder} has {paths[0].name} and {paths[1].name}: leave one of them.")
        if paths:
            files[kind.name] = paths[0]
    return files


class Staging:
    """The lines of the files of a folder. First `read` each file, then take the `groups`."""

    def __init__(self, folder: Path, tell: TellFault) -> None:
        self._lines = ExternalSort(folder, "lines")
        self._names = ExternalSort(folder, "names")
        self._tell = tell
        self.faults = 0
        self.lines: dict[str, int] = {}

    def read(self, kind: LineKind, path: Path, advance: Callable[[int], None]) -> None:
        """Check the lines of a file. `advance` is called with the number of bytes read. Raises OSError."""
        index, count, place = KINDS.index(kind), 0, 0
        for line in lines_of(path):
            count += 1
            self._check(kind, index, line)
            if count % 1000 == 0:
                advance(line.end - place)
                place = line.end
        self.lines[kind.name] = count

    def _check(self, kind: LineKind, index: int, line: InputLine) -> None:
        try:
            if line.fault:
                raise line.fault
            content = parsed(line.content, kind)
        except LineFault as fault:
            self.faults += 1
            self._tell(kind, line.number, fault)
            self._mark_fault(kind, index, line, fault)
            return
        customer = content["externalId"] if kind is KINDS[0] else content["customer"]
        body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        self._lines.add(_record(customer, index, line.number, LINE, body))
        for space, name in _names(kind, content):
            self._names.add(b"\t".join((space.encode(), name.encode(), b"%d" % index, b"%010d" % line.number, customer.encode())))

    def _mark_fault(self, kind: LineKind, index: int, line: InputLine, fault: LineFault) -> None:
        """Leave a record of a faulty line whose customer can be read, so that what depends on it is skipped for that reason. It was reported already."""
        content = line.content if isinstance(line.content, dict) else {}
        try:
            name, customer = (external_id(content.get(each), kind.field(each)) for each in ("externalId", "externalId" if kind is KINDS[0] else "customer"))
        except LineFault:  # no line names it, and the ledger has no record of it
            return
        body = orjson.dumps([fault.reason, fault.field, fault.detail, name])
        self._lines.add(_record(customer, index, line.number, FAULT, body))

    def groups(self) -> Iterator[CustomerLines]:
        """Return the lines by customer. The memory holds the lines of one customer at a time."""
        self._mark_duplicates()
        for customer, records in groupby((record.split(b"\t", 4) for record in self._lines.merged()), key=lambda parts: parts[0]):
            yield _group(customer.decode(), records)

    def _mark_duplicates(self) -> None:
        """Mark all lines but the first of those that have the same external id, number or address."""
        for (space, _), (first, *others) in _same_names(self._names.merged()):
            for _, name, index, number, customer in others:
                kind = KINDS[int(index)]
                reason = REASONS.get(space.decode(), ImportReason.DUPLICATE_ID)
                detail = f"{name.decode()} is in {KINDS[int(first[2])].name}, line {int(first[3])}."
                body = orjson.dumps([reason, FIELDS.get(space.decode(), "externalId"), detail, kind.name])
                self._lines.add(_record(customer.decode(), int(index), int(number), SHARED if space == b"email" else FAULT, body))


def _same_names(records: Iterator[bytes]) -> Iterator[tuple[tuple[bytes, bytes], list[list[bytes]]]]:
    """Return the records of each name that is in several lines."""
    for name, of_name in groupby((record.split(b"\t") for record in records), key=lambda parts: (parts[0], parts[1])):
        together = list(of_name)
        if len(together) > 1:
            yield name, together


REASONS = {"email": ImportReason.DUPLICATE_EMAIL, "number": ImportReason.DUPLICATE_NUMBER}
FIELDS = {"email": "email", "number": "number", "installments": "installments"}


def _record(customer: str, index: int, number: int, tag: bytes, body: bytes) -> bytes:
    return b"\t".join((customer.encode(), b"%d" % index, b"%010d" % number, tag, body))


def _names(kind: LineKind, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the names of a line that no other line may have, with the space in which each is unique."""
    yield kind.name, content["externalId"]
    if kind.name == "customers":
        yield "email", content["email"].lower()
    elif kind.name == "payment_schedules":
        yield from (("installments", installment["externalId"]) for installment in content["installments"])
    elif kind.name == "invoices":
        yield "number", content["number"]
        yield from (("number", note["number"]) for note in content.get("creditNotes", ()))


def _group(customer: str, records: Iterator[list[bytes]]) -> CustomerLines:
    """Return the group of a customer. A record of a fault comes before the line that it is about, because its tag does."""
    group = CustomerLines(customer)
    faults: dict[tuple[int, int], LineFault] = {}
    sharing: dict[tuple[int, int], LineFault] = {}
    for _, index, number, tag, body in records:
        place = int(index), int(number)
        if tag == LINE:
            group.lines.append(_line(KINDS[place[0]], place[1], body))
            continue
        reason, name, detail, external_id = orjson.loads(body)
        (sharing if tag == SHARED else faults)[place] = LineFault(ImportReason(reason), name, detail)
        if tag == FAULT and ImportReason(reason) not in (ImportReason.DUPLICATE_ID, ImportReason.DUPLICATE_NUMBER):
            group.lines.append(ImportLine(KINDS[place[0]], place[1], external_id, {}, "", faults[place], is_reported=True))
    for line in group.lines:
        place = KINDS.index(line.kind), line.number
        line.fault = faults.get(place)
        if place in sharing:
            line.is_sharing = bool(line.content.get("allowSharedEmail"))
            line.fault = line.fault or (None if line.is_sharing else sharing[place])
    return group


def _line(kind: LineKind, number: int, body: bytes) -> ImportLine:
    content = orjson.loads(body)
    return ImportLine(kind, number, content["externalId"], content, blake2b(body, digest_size=16).hexdigest())
