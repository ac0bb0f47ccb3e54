"""What becomes of the codes of coupons that a database has from before they had one form."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.builtin import embedded
from db.deployment.migrate import migrate
from tests.db.migrations.old_database import connected, new_database

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
async def old(urls: embedded.Urls) -> AsyncIterator[embedded.Urls]:
    """A database as it was before codes had one form, with the codes above."""
    async with new_database(urls, "coupon_codes") as new:
        await migrate(new.admin, to="0017-1")
        async with connected(new.admin) as connection:
            for number, (code, (days, _, _)) in enumerate(CODES.items()):
                await connection.execute(
                    "insert into coupon (id, code, name, percent_off_ppm, duration, created_at) values ($1, $2, 'A coupon', 100000, 'FOREVER', $3)",
                    f"cpn_{number:02}", code, OPENED + timedelta(days=days),
                )  # fmt: skip
        yield new


async def test_every_code_gets_its_one_form_and_of_several_one_coupon_keeps_it(old: embedded.Urls, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "portico.migrate"):
        await migrate(old.admin)
    async with connected(old.admin) as connection:
        coupons = await connection.fetch("select code, is_active, former_code from coupon order by id")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("update coupon set code = 'spring' where code = 'PLAIN'")
    for (code, (_, expected, is_active)), coupon in zip(CODES.items(), coupons, strict=True):
        assert tuple(coupon) == (expected, is_active, None if code == expected else code)
    # The operator is told of each coupon that lost its code, and of no other.
    for number, (_, expected, is_active) in enumerate(CODES.values()):
        assert (f"coupon cpn_{number:02} is inactive and has the code {expected}:" in caplog.text) is not is_active
