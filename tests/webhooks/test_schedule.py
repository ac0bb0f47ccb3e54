"""When an attempt is repeated."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from billing.webhooks.schedule import STEPS, AttemptEnding, Outcome, ending_of

NOW = datetime(2027, 1, 31, 10, 15, tzinfo=UTC)
PAUSES = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]


@pytest.mark.parametrize("chance", [0, 0.25, 0.5, 1])
def test_the_schedule_is_that_of_the_specification_with_a_tenth_of_jitter(chance: float) -> None:
    for step, pause in enumerate(PAUSES):
        ending = ending_of(500, step, NOW, chance=chance)
        assert ending.outcome is Outcome.RETRY
        assert ending.next_at is not None
        assert (ending.next_at - NOW) / timedelta(seconds=pause) == pytest.approx(0.9 + 0.2 * chance)
    assert ending_of(500, len(PAUSES), NOW, chance=chance) == AttemptEnding(Outcome.FAILED)
    assert len(STEPS) == 10


@pytest.mark.parametrize("status", [None, 199, 300, 301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_all_but_2xx_is_repeated(status: int | None) -> None:
    assert ending_of(status, 0, NOW, chance=0.5).outcome is Outcome.RETRY


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(status: int) -> None:
    assert ending_of(status, 9, NOW, chance=0.5) == AttemptEnding(Outcome.DELIVERED)


def test_410_disables_the_endpoint() -> None:
    assert ending_of(410, 0, NOW, chance=0.5).outcome is Outcome.GONE


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        ("1", 5),
        ("", 5),
        ("-5", 5),
        ("soon", 5),
        ("999999999999", 86_400),
        ("٣٠٠", 5),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 5),
        (format_datetime(NOW + timedelta(days=30), usegmt=True), 86_400),
    ],
)
def test_retry_after_makes_the_pause_longer_up_to_a_day(header: str, seconds: int) -> None:
    assert ending_of(503, 0, NOW, chance=0.5, retry_after=header).next_at == NOW + timedelta(seconds=seconds)
