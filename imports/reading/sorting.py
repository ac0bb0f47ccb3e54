"""Sorting more records than fit into the memory: sorted runs in files of a temporary folder, which are merged."""

import heapq
from collections.abc import Iterator
from pathlib import Path

RUN_BYTES = 16 << 20
BUFFER_BYTES = 64 << 10


class ExternalSort:
    """Records without line ends, sorted by their bytes. A full disk raises OSError."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._records: list[bytes] = []
        self._bytes = 0
        self._runs: list[Path] = []

    def add(self, record: bytes) -> None:
        self._records.append(record)
        self._bytes += len(record)
        if self._bytes > RUN_BYTES:
            self._write_run()

    def merged(self) -> Iterator[bytes]:
        """Return all records in their order. Nothing is added afterwards."""
        self._records.sort()
        return heapq.merge(*(_read(path) for path in self._runs), iter(self._records))

    def _write_run(self) -> None:
        path = self._folder / f"{self._name}-{len(self._runs)}"
        self._records.sort()
        with path.open("wb") as file:
            file.writelines(record + b"\n" for record in self._records)
        self._runs.append(path)
        self._records, self._bytes = [], 0


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=BUFFER_BYTES) as file:
        for line in file:
            yield line[:-1]
