"""Numbers of invoices: INV-2026-000123, counted per customer without a gap across years."""


def next_number(last: str | None, year: int) -> str:
    """The number after `last`. The year never runs backwards, not even for who moves across the date line on New Year's Eve."""
    if last is None:
        return f"INV-{year}-000001"
    count = int(last.split("-")[2])
    return f"INV-{max(year, year_of(last))}-{count + 1:06d}"


def year_of(number: str) -> int:
    return int(number.split("-")[1])
