"""Exports of a customer's data: the names of files in the ZIP, and which requests get the same export."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.customers.exporting import MAX_NAME_BYTES, entry_name, is_repeated
from billing.rows.customers import DataExportRow
from billing.states import Actor

NOW = datetime(2027, 1, 31, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("order.pdf", "order.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\x.pdf", "_.._x.pdf"),
        ("/etc/x.pdf", "_etc_x.pdf"),
        ("C:\\x.pdf", "C__x.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("\u202egpj.exe.pdf", "gpj.exe.pdf"),
        ("فاتورة.pdf", "فاتورة.pdf"),
        ('a?*|<>".pdf', "a______.pdf"),
        ("....", ""),
    ],
)
def test_a_name_stays_in_its_folder(file_name: str, expected: str) -> None:
    assert entry_name("files", "att_1", file_name) == f"files/att_1-{expected}"


@given(st.text(max_size=400))
def test_every_name_is_one_short_part_of_a_path(file_name: str) -> None:
    folder, _, name = entry_name("files", "att_1", file_name).partition("/")
    assert (folder, name[:6]) == ("files", "att_1-")
    assert not set(name) & set('/\\\0:*?"<>|\n\r')
    assert len(name.encode()) <= MAX_NAME_BYTES + len("att_1-") + 4


def test_a_long_name_keeps_its_extension() -> None:
    assert entry_name("files", "att_1", "ü" * 300 + ".pdf").endswith("ü.pdf")


@pytest.mark.parametrize(
    ("status", "hours", "actor", "expected"),
    [
        ("REQUESTED", 100, Actor.CUSTOMER, True),
        ("MAKING", 100, Actor.STAFF, True),
        ("READY", 23, Actor.CUSTOMER, True),
        ("READY", 25, Actor.CUSTOMER, False),
        ("READY", 2, Actor.STAFF, False),
        ("FAILED", 0, Actor.CUSTOMER, False),
        ("EXPIRED", 0, Actor.STAFF, False),
    ],
)
def test_a_request_gets_the_export_that_is_under_way_or_recent(status: str, hours: int, actor: Actor, expected: bool) -> None:
    latest = DataExportRow("exp_1", "cus_1", status, "CUSTOMER", NOW - timedelta(hours=hours), None, None, None, None, [], False)
    assert is_repeated(latest, actor, now=NOW) is expected


def test_the_first_request_makes_an_export() -> None:
    assert not is_repeated(None, Actor.CUSTOMER, now=NOW)
