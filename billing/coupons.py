"""Coupons: how much they take off."""


def percent_text(ppm: int | None) -> str | None:
    """Parts per million as percent without trailing zeros: 125000 is "12.5"."""
    if ppm is None:
        return None
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
