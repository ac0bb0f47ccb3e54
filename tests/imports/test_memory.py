"""The memory of an import does not grow with its files: lines are sorted in files, and read by customers."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.formats.kinds import BY_NAME
from imports.reading import sorting
from imports.reading.sorting import ExternalSort
from imports.reading.staging import Staging
from tests.imports.lines import credit, customer

MEGABYTE = 1 << 20
# One line of 20 kB, which metadata of the greatest size fill.
METADATA = {f"key{number}": "x" * 400 for number in range(50)}


@given(records=st.lists(st.binary(max_size=20).filter(lambda record: b"\n" not in record)), run_bytes=st.integers(1, 50))
def test_records_come_back_in_order_whatever_fits_into_the_memory(records: list[bytes], run_bytes: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "RUN_BYTES", run_bytes)
        sort = ExternalSort(tmp_path_factory.mktemp("sort"), "records")
        for record in records:
            sort.add(record)
        assert list(sort.merged()) == sorted(records)


def staged(folder: Path, lines: int) -> tuple[int, int]:
    """Read files with so many lines and group them. Returns the number of groups, and the greatest memory in bytes."""
    folder.mkdir()
    for kind, make in (("customers", customer), ("credits", credit)):
        with (folder / f"{kind}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(lines):
                line = make(f"C{number}", metadata=METADATA) if kind == "customers" else make(f"B{number}", f"C{number}")
                file.write(json.dumps(line) + "\n")
    tracemalloc.start()
    try:
        staging = Staging(folder, lambda kind, number, fault: None)
        for kind in ("customers", "credits"):
            staging.read(BY_NAME[kind], folder / f"{kind}.jsonl", lambda _: None)
        groups = sum(len(group.lines) == 2 for group in staging.groups())
        return groups, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_times_the_lines_take_the_same_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "RUN_BYTES", MEGABYTE)
    (few, small), (many, large) = staged(tmp_path / "few", 300), staged(tmp_path / "many", 3000)
    assert (few, many) == (300, 3000)
    assert large < small + 6 * MEGABYTE  # the files have 6 and 60 MB; each run that is merged has a buffer
