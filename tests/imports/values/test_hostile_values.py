"""Each field of each kind of line with values that no source should write: a line is imported or skipped with its reason, no import stops at one, and the books agree."""

from collections.abc import Iterator
from typing import Any

import pytest

from imports.formats.fields import Field, FieldType
from imports.formats.kinds import KINDS
from imports.reasons import ImportReason
from tests.depth import in_turns
from tests.imports import lines
from tests.imports.conftest import ImportPlace

Path = tuple[str | int, ...]
Case = tuple[str, Path, Any]

ANY: list[Any] = [[], {}, [[]], [{}], {"a": []}, [None], " ", 0, -1, True, 1.5, 2**53, 10**30, "\x00", "\u202e", "a\nb", "x" * 400, "0", "\uff11"]
INSTANTS = [
    *("0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "1900-01-01", "2999-12-31"),
    *("2999-12-31T23:59:59Z", "2026-02-30", "2027-03-28T02:30:00+01:00", "2026-12-01T12:00:00.000001Z", "2016-12-31T23:59:60Z", "2026-01-01T00:00:00+25:00"),
]
AMOUNTS = ["9007199254740992", "90071992547409.92", "0.005", "1e5", "٣", "-0.00", 2**53 + 1, 2**63, 1, -1]
OF_TYPES: dict[FieldType, list[Any]] = {
    FieldType.INSTANT: INSTANTS,
    FieldType.DATE: [*INSTANTS[:3], "2026-02-29", "1582-10-10"],
    FieldType.MONTH: ["9999-12", "0001-01", "9999-12-31", "2026-13", "0000-01"],
    FieldType.AMOUNT: AMOUNTS,
    FieldType.SIGNED_AMOUNT: AMOUNTS,
    FieldType.CURRENCY: ["XXX", "usd", "JPY", "KWD", "XAU"],
    FieldType.PERCENT: ["100", "100.0001", "0.0001", "1e1", "NaN", "Infinity", 7.7, 7],
    FieldType.INTEGER: ["31", 31, 29, 1, 10_000, 1_000_000_000, 10**18],
    FieldType.TEXT: ["Pacific/Kiritimati", "posixrules", "../etc/passwd", "a" * 2000, "de_CH", "42"],
    FieldType.METADATA: [{"k" * 41: "v"}, {"a": "\x00"}, {"a": 1}],
    FieldType.TEXTS: [["\x00"], ["a"] * 11, [1]],
}
PARTS = 12
# What the portal finds only when it writes: amounts in one currency that pay what is in another.
BY_DATABASE = {("invoices", ("currency",)), ("payments", ("currency",))}


def cases() -> Iterator[Case]:
    for kind in KINDS:
        for path, field in paths(kind.fields, ()):
            yield from ((kind.name, path, value) for value in [*ANY, *OF_TYPES.get(field.type, ()), *field.values])


def paths(fields: tuple[Field, ...], before: Path) -> Iterator[tuple[Path, Field]]:
    """Return the path of each field, and of those of objects and of the first item of lists."""
    for field in fields:
        path = (*before, field.name)
        yield path, field
        yield from paths(field.fields, path if field.type is FieldType.OBJECT else (*path, 0))


def group(number: int) -> dict[str, Any]:
    """Return one line of each kind of a customer of its own."""
    name, period = f"C{number}", {"periodStartsAt": "2026-09-14T22:00:00Z", "periodEndsAt": "2026-10-14T22:00:00Z"}
    dates = {"startedAt": "2026-01-14T23:00:00Z", "periodStartsAt": "2026-11-14T23:00:00Z", "periodEndsAt": "2026-12-14T23:00:00Z"}
    return {
        "customers": lines.customer(name, timeZone="Europe/Zurich"),
        "payment_methods": lines.method(f"M{number}", name),
        "subscriptions": lines.subscription(f"S{number}", name, paymentMethod=f"M{number}", **dates),
        "payment_schedules": lines.schedule(f"P{number}", name),
        "invoices": lines.invoice(f"I{number}", name, subscription=f"S{number}", **period),
        "payments": lines.payment(f"T{number}", name, allocations=[{"invoice": f"I{number}", "amount": 2900}]),
        "credits": lines.credit(f"B{number}", name),
    }


def put(line: Any, path: Path, value: Any) -> None:
    """Set the value, and make the objects and lists around it that the line does not have."""
    step, rest = path[0], path[1:]
    if not rest:
        line[step] = value
        return
    if step == 0 and not line:
        line.append({})
    elif step != 0 and not line.get(step):
        line[step] = [] if rest[0] == 0 else {}
    put(line[step], rest, value)


@pytest.mark.parametrize("part", in_turns(PARTS, PARTS))
async def test_a_value_that_no_source_should_write_stops_no_import(place: ImportPlace, part: int) -> None:
    chosen = list(cases())[part::PARTS]
    groups = [group(number) for number in range(len(chosen))]
    for of_customer, (kind, path, value) in zip(groups, chosen, strict=True):
        put(of_customer[kind], path, value)
    place.write_lines(**{kind.name: [of_customer[kind.name] for of_customer in groups] for kind in KINDS})
    await place.run()
    assert len(place.report) == len(groups) * len(KINDS)
    created = [entry for entry in place.report if entry["outcome"] == "CREATE"]
    assert len(created) > len(groups) * 4, "the control: most lines around them are imported"
    refused = {
        int(str(entry["externalId"])[1:]) for entry in place.report if entry.get("reason") == ImportReason.REFUSED_BY_DATABASE and entry["kind"] == "credits"
    }
    assert [chosen[number] for number in sorted(refused) if chosen[number][:2] not in BY_DATABASE] == []
    assert await place.violations() == {}
    await place.run()
    assert {entry["outcome"] for entry in place.report} <= {"UNCHANGED", "SKIP"}
