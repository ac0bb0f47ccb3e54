"""The schemas and the page of the format are those of the declaration, and the example folder is of that format."""

import csv
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from imports.formats.fields import LineKind
from imports.formats.kinds import KINDS
from imports.formats.page import page
from imports.formats.schemas import schema_of

FOLDER = Path(__file__).parents[2] / "docs/import"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_schema_in_the_docs_is_the_one_of_the_declaration(kind: LineKind) -> None:
    Draft202012Validator.check_schema(schema_of(kind))
    assert json.loads((FOLDER / f"{kind.name}.schema.json").read_text("utf-8")) == schema_of(kind)


def test_the_page_in_the_docs_is_the_one_of_the_declaration() -> None:
    assert (FOLDER / "README.md").read_text("utf-8") == page()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_example_has_lines_of_every_kind_that_fit_its_schema(kind: LineKind) -> None:
    lines = list(example(kind))
    assert lines
    for line in lines:
        Draft202012Validator(schema_of(kind)).validate(line)


def example(kind: LineKind) -> list[dict[str, object]]:
    path = FOLDER / "example" / f"{kind.name}.jsonl"
    if path.exists():
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as rows:
        return [{name: json.loads(cell) if cell[0] == "[" else cell for name, cell in row.items() if cell} for row in csv.DictReader(rows)]
