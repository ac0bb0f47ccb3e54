"""The lines of a file, one after the other: JSONL as it stands, and CSV as objects of texts. A file may be larger than the memory."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from imports.reasons import ImportReason, LineFault

MAX_LINE_BYTES = 1_000_000
CHUNK_BYTES = 1 << 20
# Bytes at the start of a file in an encoding that is not read.
OTHER_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16", codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32"}


@dataclass(frozen=True, slots=True)
class InputLine:
    """A line by its number, from 1 on: the object in it, or the fault of it. `end` is the number of bytes read so far. `is_csv`: all values are texts."""

    number: int
    content: Any
    fault: LineFault | None
    end: int
    is_csv: bool = False


def lines_of(path: Path) -> Iterator[InputLine]:
    """Return the lines of a file. A file in another encoding has one line, its fault. Raises OSError."""
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(3 if start.startswith(codecs.BOM_UTF8) else 0)
        if name := next((name for mark, name in OTHER_MARKS.items() if start.startswith(mark)), "UTF-16" if b"\0" in start[:2] else ""):
            yield InputLine(1, None, LineFault(ImportReason.WRONG_ENCODING, "", f"The file is {name}."), len(start))
            return
        yield from _rows(file) if path.suffix == ".csv" else _objects(file)


def _objects(file: BinaryIO) -> Iterator[InputLine]:
    end = file.tell()
    for number, line in enumerate(_raw_lines(file), 1):
        end += len(line)
        if line.isspace():
            continue
        content, fault = _parsed(line)
        yield InputLine(number, content, fault, end)


def _raw_lines(file: BinaryIO) -> Iterator[bytes]:
    """Return the lines. Of one that is too long only the beginning is kept, so that it cannot fill the memory."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            while (rest := file.readline(CHUNK_BYTES)) and not rest.endswith(b"\n"):
                pass
        yield line


def _parsed(line: bytes) -> tuple[Any, LineFault | None]:
    if len(line) > MAX_LINE_BYTES:
        return None, LineFault(ImportReason.LINE_TOO_LONG)
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return None, _not_json(line, error)
    if not isinstance(content, dict):
        return None, LineFault(ImportReason.BROKEN_JSON, "", "The line is JSON, but not an object.")
    return content, None


def _not_json(line: bytes, error: orjson.JSONDecodeError) -> LineFault:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as undecodable:
        return LineFault(ImportReason.WRONG_ENCODING, "", f"Byte {undecodable.start + 1} of the line is not UTF-8.")
    return LineFault(ImportReason.BROKEN_JSON, "", f"{error.msg}, in column {error.colno}.")


class _CountedLines(io.TextIOBase):
    """The lines of a CSV file as text. Bytes that are not UTF-8 become surrogates, by which the row is recognised."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.end, self.number = file, file.tell(), 0

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        for line in _raw_lines(self._file):
            self.end += len(line)
            self.number += 1
            yield line.decode("utf-8", errors="surrogateescape")


def _rows(file: BinaryIO) -> Iterator[InputLine]:
    """Return the rows of a CSV file. The number of a row is that of its first line: cells may have line ends."""
    source = _CountedLines(file)
    reader = csv.reader(iter(source), strict=True)
    names: Sequence[str] = ()
    while True:
        number = source.number + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield InputLine(number, None, LineFault(ImportReason.BROKEN_CSV, "", f"{error}."), source.end)
            continue
        if not names:
            names = row
        elif row:
            content, fault = _object_of(names, row)
            yield InputLine(number, content, fault, source.end, is_csv=True)


def _object_of(names: Sequence[str], row: Sequence[str]) -> tuple[Any, LineFault | None]:
    """Return the object of a row. `a.b` is the field b of the object a; an empty cell is no field."""
    if any("\udc80" <= character <= "\udcff" for cell in row for character in cell):
        return None, LineFault(ImportReason.WRONG_ENCODING, "", "A cell is not UTF-8.")
    if len(names) != len(row):
        return None, LineFault(ImportReason.BROKEN_CSV, "", f"The row has {len(row)} cells, and the first line {len(names)}.")
    content: dict[str, Any] = {}
    for name, cell in zip(names, row, strict=True):
        if cell:
            outer, _, inner = name.partition(".")
            if inner:
                content.setdefault(outer, {})[inner] = cell
            else:
                content[outer] = cell
    return content, None
