"""Coupons: how much they take off, and how much of one is left."""

from enum import StrEnum


class RunningCoupon(StrEnum):
    """The coupon that runs on a subscription: one that counts for the next invoice too, or one whose last period is running, which makes room for another."""

    LASTING = "LASTING"
    ENDING = "ENDING"


def running_coupon(redemption_id: str | None, periods_left: int | None) -> RunningCoupon | None:
    """None without a coupon. (`portal_subscription.running_coupon` is the same in SQL.)"""
    if redemption_id is None:
        return None
    return RunningCoupon.ENDING if periods_left == 0 else RunningCoupon.LASTING


def percent_text(ppm: int | None) -> str | None:
    """Parts per million as percent without trailing zeros: 125000 is "12.5"."""
    if ppm is None:
        return None
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
