"""The installments of a payment schedule as the merchant enters them: amounts, days, and equal parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing.money.decimals import minor_units
from billing.money.money import MAX_MINOR, apportioned
from billing.periods import advanced_day
from billing.refusals import ErrorCode, Refused
from billing.states import BillingInterval

MAX_INSTALLMENTS = 120
MAX_NAME = 200
# The largest number of intervals from one installment to the next.
MAX_EVERY = 36
LATEST = date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class PlannedInstallment:
    """An installment to be written. Its amount includes tax."""

    name: str
    due_on: date
    amount_minor: int
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class InstallmentRhythm:
    """When installments of equal parts are due: the first day, and the number of intervals from one to the next."""

    first_due_on: date
    interval: BillingInterval
    count: int = 1

    def day(self, number: int) -> date:
        """Return the due day of the installment `number`, from 0. It is counted from the first day: the 31st becomes the 30th, and the 31st again."""
        return advanced_day(self.first_due_on, number * self.count, self.interval)


def equal_installments(total_minor: int, count: int, rhythm: InstallmentRhythm) -> list[PlannedInstallment]:
    """Return `count` installments of equal parts that add up to the total; the first ones are a minor unit larger where it does not divide. Raises Refused."""
    if not 1 <= count <= MAX_INSTALLMENTS:
        raise Refused(ErrorCode.INVALID_VALUE, f"A payment schedule has 1 to {MAX_INSTALLMENTS} installments.", "count")
    if not 1 <= rhythm.count <= MAX_EVERY:
        raise Refused(ErrorCode.INVALID_VALUE, f"Installments are 1 to {MAX_EVERY} intervals apart.", "every.count")
    if total_minor < count:
        raise Refused(ErrorCode.INVALID_VALUE, "Each installment is at least one minor unit.", "total")
    try:
        days = [rhythm.day(number) for number in range(count)]
    except (OverflowError, ValueError):
        days = [date.max]
    if days[-1] > LATEST:
        raise Refused(ErrorCode.INVALID_VALUE, f"The last installment is due after {LATEST}.", "every")
    parts = apportioned(total_minor, [1] * count)
    return [PlannedInstallment(default_name(number, count), day, part) for number, (day, part) in enumerate(zip(days, parts, strict=True), 1)]


def default_name(number: int, count: int) -> str:
    """Return the name of an installment without one, such as "2/6", which needs no translation."""
    return f"{number}/{count}"


def amount_of(text: str, currency: str, field: str) -> int:
    """Return an amount in major units as minor units. Raises Refused for what is not above zero, or has more decimals than the currency."""
    try:
        minor = minor_units(text, currency)
    except ValueError as error:
        raise Refused(ErrorCode.INVALID_VALUE, str(error), field) from None
    if minor <= 0:
        raise Refused(ErrorCode.INVALID_VALUE, "An amount is above zero.", field)
    return minor


def checked_name(text: str, field: str) -> str:
    if not 1 <= len(text) <= MAX_NAME or not text.isprintable() or not text.strip():
        raise Refused(ErrorCode.INVALID_VALUE, f"A name has 1 to {MAX_NAME} printable characters.", field)
    return text


def check_day(due_on: date, today_on: date, field: str, *, is_backdated: bool) -> None:
    """Check a due day. Raises Refused for one that has passed where the customer lives, unless the call says that it is backdated."""
    if due_on < today_on and not is_backdated:
        raise Refused(ErrorCode.INVALID_VALUE, "The day has passed where the customer lives. Set `backdated` if that is intended.", field)


def check_installments(planned: Sequence[PlannedInstallment], today_on: date, *, is_backdated: bool) -> None:
    """Check the installments of a new schedule: how many, their days in order, their sum, and their external ids. Raises Refused."""
    if not 1 <= len(planned) <= MAX_INSTALLMENTS:
        raise Refused(ErrorCode.INVALID_VALUE, f"A payment schedule has 1 to {MAX_INSTALLMENTS} installments.", "installments")
    external_ids: set[str] = set()
    for place, one in enumerate(planned):
        check_day(one.due_on, today_on, f"installments.{place}.dueOn", is_backdated=is_backdated)
        if place and one.due_on < planned[place - 1].due_on:
            raise Refused(ErrorCode.INVALID_VALUE, "An installment is not due before the one before it.", f"installments.{place}.dueOn")
        if one.external_id in external_ids:
            raise Refused(ErrorCode.EXTERNAL_ID_TAKEN, "Two installments have this external id.", f"installments.{place}.externalId")
        external_ids |= {one.external_id} if one.external_id is not None else set()
    check_sum(sum(one.amount_minor for one in planned), "installments")


def check_sum(total_minor: int, field: str) -> None:
    if total_minor > MAX_MINOR:
        raise Refused(ErrorCode.INVALID_VALUE, f"The installments together have at most {MAX_MINOR} minor units.", field)
