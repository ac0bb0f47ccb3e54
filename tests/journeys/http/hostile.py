"""Hostile values, by the kind of the argument."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, get_type_hints

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, get_nullable_type

from billing.rows import row_type
from billing.rows.money.dunning import MinorUnits
from db.blocks import Block
from db.pages import non_null
from tests.journeys.arguments import TAIL

LONG = "x" * 10_000
NUL_ID = "sub_" + "\0" * 26

TEXTS = [
    "\0", "a\0b", "\ud800", "x\udfffy", "", " ", LONG, "\U0001f600" * 60, "\u202e\u200d\ufeff", "a\r\nSet-Cookie: b=c", "' or 1=1 --", "%", "\\u0000",
    "../../etc/passwd", '{"$ne": null}', "\x7f\x1b[31m",
]  # fmt: skip
WRONG_KINDS: list[Any] = [None, True, 1.5, 10**30, -1, [], {}, ["x"], [[None]], {"x": {"y": "\0"}}, 1e308]

IDS = [*TEXTS, "sub_", NUL_ID, "inv_" + "z" * 26, "sub_" + "é" * 26, f"cus_{LONG}", f"_{TAIL}", f"SUB_{TAIL}", 7, -1, 10**30]
DATES = [
    "0001-01-01", "9999-12-31", "9998-01-01", "9999-12-01", "0000-01-01", "10000-01-01", "-0001-01-01", "1582-10-10", "2026-02-30", "2026-W01-1", "20260101",
    "2026-01-01T00:00:00Z", "infinity", "", "\0", "\ud800", LONG, "2026-01-01 BC", "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661",
]  # fmt: skip
INSTANTS = [
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999Z", "9998-12-31T00:00:00Z",
    "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+23:59:59.999999",
    "2026-01-01T00:00:00.0000000000001Z", "1900-01-01T00:00:00-23:59", "2999-12-31T23:59:59-23:59", "infinity", "-infinity", "now", "", "\0", "\ud800", LONG,
    "2026-01-01", "0000-00-00T00:00:00Z",
]  # fmt: skip
WHOLE = [0, -1, 1, 100, 101, 2**31 - 1, -(2**31), 2**31, 2**63, 10**400, 1.5, 1e400, "1", "", True]
BIG = [
    "0", "-1", "-0", "1", str(2**63 - 1), str(-(2**63) + 1), str(-(2**63)), str(2**63), "9" * 5000, "1e400", "1E3", "NaN", "Infinity", "-Infinity", "1.0",
    "1" + "0" * 30 + "." + "0" * 30, " 1 ", "1_000", "٣", "0x10", "", "\0", "\ud800", 5, 2**53 + 1, 10**30, 1e400, True,
]  # fmt: skip
CURRENCIES = ["usd", "US$", "XXX", "ZZZ", "USDX", "U", "", "U D", "A1B", "\uff35\uff33\uff24", "ÄÖÜ", "\0\0\0", "\ud800", LONG, 840]

ZONES = [
    "localtime", "Factory", "posixrules", "posix/Europe/Zurich", "right/Europe/Zurich", "europe/zurich", "EUROPE/ZURICH", "FOO+5", "<x>-99", "UTC+24", "UTC ",
    "../UTC", "/etc/localtime", "Europe/../Europe/Zurich", "Europe", "Europe/", "zone.tab", "tzdata.zi", "+02:00", "EST5EDT", "Etc/GMT+12", "GMT-14",
]  # fmt: skip
LOCALES = [
    "../../x", "/etc/passwd", "de.UTF-8", f"de.{LONG}", f"de@{LONG}", "de@euro", "de_" * 40, "x-private", "en-US-u-ca-gregory", "en-u-nu-arab", "C", "POSIX",
    "i-klingon", "zh-Hant-TW", "_", "-", "aa-ZZ", "root", "und", "de\nAT", "de CH", "sr-Latn-RS-x-y", "en-US-POSIX", "ca-ES-valencia", "\uff24\uff25", "hy", "ar-EG",
]  # fmt: skip
ADDRESSES = [
    "a@" + "b" * 300 + ".com", "a" * 300 + "@b.com", "ä@ö.example", "a@xn--.com", "a@b..c", "@", "a@", '"x y"@y.example', "İ" * 159 + "@b.example",
    "a@[127.0.0.1]", "a@b.example\r\nBcc: c@d.example", "ﷺ@example.org", "a@\u2024example.org", "a@ⅷ.example", "<a@b.example>", "a,b@c.example", "a@b.example,c@d.example",
]  # fmt: skip
HASHES = ["f" * 63, "f" * 65, "G" * 64, "\uff26" * 64, "İ" * 64, "٣" * 64, "F" * 64]
NAMES = [
    "/invoices\r\nSet-Cookie: a=b",
    "//evil.example",
    "/\\evil.example",
    "/../..",
    "/#a#b",
    "/\0",
    "/" + LONG,
    ".pdf",
    "a.pdf\0.exe",
    "\u202egpj.pdf",
    "x" * 300 + ".pdf",
]


def _manifest(body: str, *, identifier: str | None = None) -> str:
    return json.dumps({identifier or "sha256:" + hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest(): body})


MANIFESTS = [
    _manifest("{ viewer { kind } } # \ud800"), _manifest('{ node(id: "\0") { id } }'), _manifest("x", identifier="\ud800"), _manifest("x", identifier="\0" * 64),
    _manifest('{ node(id: "\\ud800") { id } }'), "{}", "[]", "null", "1", "[" * 100_000, '{"a":' * 50_000, '{"x": 1}', _manifest("query \ud800 { viewer { kind } }"),
    json.dumps({"format": "\ud800", "operations": []}), json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "\ud800", "body": "\udfff"}]}),
]  # fmt: skip

BY_NAME: dict[str, list[Any]] = {
    "after": ["", "x"],
    "before": ["", "x"],
    "timeZone": ZONES,
    "locale": LOCALES,
    "email": ADDRESSES,
    "newEmail": ADDRESSES,
    "sha256": HASHES,
    "landing": NAMES,
    "fileName": NAMES,
    "manifest": MANIFESTS,
}
PAIRS: list[Any] = [
    {},
    {"": "x"},
    {"x": 1},
    {"x": {"x": "x"}},
    {"x" * 41: "x"},
    {"x": LONG},
    {"\0": "x"},
    {"x": "\ud800"},
    {str(number): "x" for number in range(60)},
]
BY_TYPE = {
    "ID": IDS,
    "Date": DATES,
    "DateTime": INSTANTS,
    "Int": WHOLE,
    "BigInt": BIG,
    "CurrencyCode": CURRENCIES,
    "String": TEXTS,
    "Decimal": BIG,
    "Metadata": PAIRS,
}


def hostile(kind: Any, name: str, turn: int) -> Iterator[Any]:
    """Return hostile values for an argument or input field. Values of a wrong kind alternate, so that each argument gets some of them."""
    inner = get_nullable_type(kind)
    yield from (WRONG_KINDS[(turn + step) % len(WRONG_KINDS)] for step in (0, 4))
    if isinstance(inner, GraphQLList):
        values = list(hostile(inner.of_type, name, turn))
        yield from ([value] for value in values[2:])
        yield [values[-1]] * 10_000
    elif isinstance(inner, GraphQLEnumType):
        yield from ("", next(iter(inner.values)).lower(), LONG, "\0", "\ud800", "__proto__")
    elif isinstance(inner, GraphQLInputObjectType):
        yield {"\0": 1, "\ud800": 2}
    else:
        yield from BY_NAME.get(name, ())
        yield from () if name in ("after", "before") else BY_TYPE.get(inner.name, ())


def cursors(block: Block, order: str) -> Iterator[str]:
    """Return cursors of a block and order with one value that the gateway never writes."""
    row = row_type(block.returns)
    kinds = [non_null(get_type_hints(row)[column]) for column in block.orders[order].columns]
    valid = [VALID[kind] for kind in kinds]
    for place, kind in enumerate(kinds):
        for value in EXTREMES[kind]:
            yield cursor([order, *valid[:place], value, *valid[place + 1 :]])
    yield from (cursor(value) for value in ([order], [order, *valid, *valid], ["x", *valid], [valid, order], {}, None, [None] * (len(valid) + 1)))


def cursor(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode()


BROKEN_CURSORS = ["", "x", "é", "=", LONG, "\0", "\ud800", "WyJuZXdlc3Qi", urlsafe_b64encode(b"[" * 100_000).decode(), urlsafe_b64encode(b"\xff\xfe").decode()]
VALID: dict[Any, Any] = {str: "a", int: 1, MinorUnits: 1, bool: True, date: "2026-06-01", datetime: "2026-06-01T12:00:00.000000Z"}
EXTREMES: dict[Any, list[Any]] = {
    str: ["\0", "\ud800", "\udfff", LONG, "", 1, None],
    int: [2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, 10**400, 1.0, 1e400, "1", True, None],
    MinorUnits: [2**31, 2**63 - 1, 2**63, -(2**63), 10**400, 1.0, 1e400, "1", True, None],
    bool: [0, "true", None],
    date: ["0001-01-01", "9999-12-31", "2026-02-30", "2026-W01-1", "20260101", "", 0, None],
    datetime: ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z", "1-1-1T1:1:1.1Z", "", 0, None],
}
