"""The section of docs/performance.md about many rows and many customers."""

from bench.reporting.pages import Result, Turns, compared, filled, measured, middle, spread_of, table

AFTER = """
Planner and executor take turns over all rows of a table ({rounds} turns of {seconds:g} s each); "of the first" compares turns of the same round. Each database has servers and a
Postgres of its own, which are idle while another one is measured.
"""


def of_growth(result: Result | None) -> str:
    if result is None:
        return ""
    parts = [
        "A customer with few rows and one with many (500 subscriptions, 5,000 payments):\n\n" + _ways("Customer", result["subscriptions"]),
        "Customers in the database:\n\n" + _ways("Customers", result["customers"]),
        filled(AFTER.format(**result)),
        measured(result),
    ]
    return "## As it grows\n\n" + "\n".join(part.lstrip("\n") for part in parts)


def _ways(head: str, kinds: dict[str, dict[str, Turns]]) -> str:
    first = next(iter(kinds.values()))
    rows = []
    for kind, seen in kinds.items():
        columns = [(spread_of(turns, "rate", "{:,.0f}"), compared(turns, first[way], "rate") if seen is not first else "") for way, turns in seen.items()]
        latencies = (f"{middle(turns, 'p99'):.1f}" for turns in seen.values())
        rows.append((kind, *(text for column in columns for text in column), *latencies))
    heads = [text for way in first for text in (f"{way}: pages/s", "Of the first")]
    return table((head, *heads, *(f"{way}: p99 ms" for way in first)), rows)
