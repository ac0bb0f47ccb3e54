"""What becomes of the codes of coupons that a database has from before they had one form."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from alembic import command
from sqlalchemy import make_url

from db import embedded
from db.migrate import migrate

OPENED = datetime(2024, 1, 1, tzinfo=UTC)

# By code: how many days after the opening it was made, the code after the migration, and whether it can be redeemed.
CODES = {
    "SAVE7A": (9, "SAVE7A", True),
    "save7a": (1, "SAVE7A-2", False),
    "Save7A": (2, "SAVE7A-4", False),
    " SAVE7A ": (3, "SAVE7A-5", False),
    "SAVE7A-3": (4, "SAVE7A-3", True),
    "spring": (5, "SPRING", True),
    "Autumn": (7, "AUTUMN-2", False),
    "autumn": (6, "AUTUMN", True),
    "  ": (8, "COUPON-2", False),
    "x" * 60: (1, "X" * 60, True),
    "X" * 59 + "x": (2, "X" * 50 + "-2", False),
    "PLAIN": (1, "PLAIN", True),
}


@pytest.fixture
async def before(urls: embedded.Urls, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncpg.Connection]:
    """A database as it was before codes had one form, with the codes above."""
    admin = await asyncpg.connect(urls.admin)
    await admin.execute("create database coupon_codes")
    url = make_url(urls.admin).set(database="coupon_codes").render_as_string(hide_password=False)
    newest = command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _: newest(config, "0017-1"))
        await migrate(url)
    connection = await asyncpg.connect(url, server_settings={"search_path": "portico"})
    for number, (code, (days, _, _)) in enumerate(CODES.items()):
        await connection.execute(
            "insert into coupon (id, code, name, percent_off_ppm, duration, created_at) values ($1, $2, 'A coupon', 100000, 'FOREVER', $3)",
            f"cpn_{number:02}", code, OPENED + timedelta(days=days),
        )  # fmt: skip
    yield connection
    await connection.close()
    await admin.execute("drop database coupon_codes")
    await admin.close()


async def test_every_code_gets_its_one_form_and_of_several_one_coupon_keeps_it(
    before: asyncpg.Connection, urls: embedded.Urls, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "portico.migrate"):
        await migrate(make_url(urls.admin).set(database="coupon_codes").render_as_string(hide_password=False))
    coupons = await before.fetch("select code, is_active, former_code from coupon order by id")
    for (code, (_, expected, is_active)), coupon in zip(CODES.items(), coupons, strict=True):
        assert tuple(coupon) == (expected, is_active, None if code == expected else code)
    # The operator is told of each coupon that lost its code, and of no other.
    for number, (_, expected, is_active) in enumerate(CODES.values()):
        assert (f"coupon cpn_{number:02} is inactive and has the code {expected}:" in caplog.text) is not is_active
    with pytest.raises(asyncpg.UniqueViolationError):
        await before.execute("update coupon set code = 'spring' where code = 'PLAIN'")
