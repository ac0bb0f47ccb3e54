"""The page that describes the format, made from the declaration of its fields."""

import textwrap
from collections.abc import Iterator, Sequence

from imports.formats.fields import Field, FieldType, LineKind
from imports.formats.kinds import KINDS

WIDTH = 120
HEAD = """\
# The files of an import

A folder has at most one file for each kind of line, `customers.jsonl` or `customers.csv`, and so on; any may be absent.
[example](example) is such a folder. Every line names its customer, and may name only lines of the same customer.

- **Encoding**: UTF-8, with or without a byte order mark. UTF-16 and Latin-1 are refused.
- **JSONL**: one object on each line. A field that is null counts as left out, except that it clears an optional field
  of a customer who was imported before. Names that are not below are refused.
- **CSV** (RFC 4180): names of fields in the first line, `,` between cells, quotes around a cell with commas, quotes or
  line ends. An empty cell counts as left out. The column `billingAddress.city` is a field of an object; a cell of a
  list, an object or `metadata` is JSON.
- **External id**: 1 to 200 printable characters.
- **Amount**: a JSON integer counts minor units (`1290` is 12.90 with USD); a text, and each cell of CSV, is in major
  units (`"12.90"`). JSON numbers with a fraction are refused, as are more decimals than the currency has.
- **Instant**: `2026-01-31T09:30:00+01:00`, with an offset or `Z`; or a day, which begins in the customer's time zone.
- **Day**: `2026-01-31`, as all dates of the years 1900 to 2999. Other orders, such as `31/01/2026`, are refused.

In the lists below, a field in **bold** is needed. Of any other the text after "left out" says what its absence means.
The schemas and this page are printed by `./portico import-format`.
"""


def page() -> str:
    """Return the page in Markdown."""
    return HEAD + "".join(f"\n{section}" for kind in KINDS for section in _sections(kind))


def _sections(kind: LineKind) -> Iterator[str]:
    meaning = textwrap.fill(f"{kind.meaning} Schema: [{kind.name}.schema.json]({kind.name}.schema.json).", WIDTH, break_on_hyphens=False)
    yield f"## {kind.name}\n\n{meaning}\n\n{_list(kind.fields)}"
    yield from _nested(kind.name, kind.fields)


def _nested(path: str, fields: Sequence[Field]) -> Iterator[str]:
    for field in fields:
        if field.fields:
            yield f"### {path}.{field.name}\n\n{_list(field.fields)}"
            yield from _nested(f"{path}.{field.name}", field.fields)


def _list(fields: Sequence[Field]) -> str:
    return "".join(textwrap.fill(_entry(field), WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) + "\n" for field in fields)


def _entry(field: Field) -> str:
    name = f"**`{field.name}`**" if field.is_required else f"`{field.name}`"
    default = f"; left out: {field.default}" if field.default else ""
    return f"- {name} ({_type(field)}): {field.meaning}{default}"


def _type(field: Field) -> str:
    match field.type:
        case FieldType.ENUM | FieldType.ENUMS:
            return f"{field.type} " + ", ".join(f"`{value}`" for value in field.values)
        case FieldType.TEXT:
            return f"text, at most {field.most} characters"
        case FieldType.INTEGER:
            return f"integer, {field.least:,} to {field.most:,}"
        case FieldType.REFERENCE:
            return f"external id of a line of `{field.target}`"
        case FieldType.LIST:
            return f"list of at most {field.most:,} objects"
        case _:
            return str(field.type)
