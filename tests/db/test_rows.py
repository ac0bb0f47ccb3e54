"""A row type is declared once, in the module of its noun; blocks and programs find it by its name."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing import rows
from billing.rows import row_type, row_types
from db.blocks import blocks
from db.records import rows_of

MODULE = """
from dataclasses import dataclass
from datetime import date

@dataclass(frozen=True, slots=True)
class VoucherRow:
    id: str
    ends_on: date
"""


@pytest.fixture
def vouchers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """One more module of rows, and nothing else."""
    (tmp_path / "vouchers.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr(rows, "__path__", [*rows.__path__, str(tmp_path)])
    row_types.cache_clear()
    yield
    sys.modules.pop("billing.rows.vouchers", None)
    row_types.cache_clear()


@pytest.mark.usefixtures("vouchers")
def test_a_row_declared_in_a_module_is_filled_by_name() -> None:
    (row,) = rows_of("VoucherRow", [{"note": "a column that the program does not know", "ends_on": None, "id": "vou_1"}])
    assert type(row) is row_type("VoucherRow")
    assert (row.id, row.ends_on) == ("vou_1", None)


def test_every_row_that_a_block_returns_is_declared_and_every_declared_row_is_a_dataclass_of_one_module() -> None:
    returned = {block.returns for block in blocks().values()} - {"nothing"}
    assert returned - row_types().keys() == set()
    classes = {
        node.name
        for folder in rows.__path__
        for path in Path(folder).rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert classes == row_types().keys()


def test_a_name_that_no_module_declares_is_an_error() -> None:
    with pytest.raises(KeyError, match="VoucherRow"):
        row_type("VoucherRow")


def test_the_package_lists_no_row(root: Path) -> None:
    text = (root / "billing" / "rows" / "__init__.py").read_text(encoding="utf-8")
    assert [name for name in row_types() if name in text] == []
