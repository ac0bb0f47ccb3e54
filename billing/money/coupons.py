"""Coupons: their discount, and their remaining periods."""

from enum import StrEnum


class RunningCoupon(StrEnum):
    """The running coupon of a subscription: LASTING applies to the next invoice too; ENDING is in its last period and may be replaced."""

    LASTING = "LASTING"
    ENDING = "ENDING"


def running_coupon(redemption_id: str | None, periods_left: int | None) -> RunningCoupon | None:
    """Return the state of the running coupon; None without a coupon. (`portal_subscription.running_coupon` is the same in SQL.)"""
    if redemption_id is None:
        return None
    return RunningCoupon.ENDING if periods_left == 0 else RunningCoupon.LASTING


def percent_text(ppm: int | None) -> str | None:
    """Return parts per million as percent without trailing zeros: 125000 is "12.5"."""
    if ppm is None:
        return None
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
