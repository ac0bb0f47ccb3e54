"""The section of docs/performance.md about live pages."""

from statistics import median

from bench.reporting.pages import Result, Turns, filled, measured, spread_of, table

AFTER = """
{open:,} streams of one process (server-sent events), each with a customer of its own: {kilobytes:.0f} kB of resident memory each. {changes} customers a second are renamed, and a message
with a part of the Summary page has to arrive: the time from the commit to the message is read by the client. Medians of {rounds} turns of {seconds:g} s; in brackets the smallest
and the largest. Then the Summary page is measured, 16 requests at a time, beside streams on which nothing happens and beside the changes, in turns; ratios are those
within a round.
"""

PAGES = {
    "before there were streams": "before",
    "the same beside the changes": "without",
    "beside streams without changes": "idle",
    "beside streams and changes": "changing",
}


def of_live(result: Result | None) -> str:
    if result is None:
        return ""
    kinds = (("Changes alone", "messages_alone"), ("Changes beside the Summary page", "messages_beside"))
    figures = [(label, result[name]) for label, name in kinds]
    rows = [(label, _counted(turns), *(spread_of(turns, figure, "{:,.0f}") for figure in ("p50", "p99", "slowest"))) for label, turns in figures]
    messages = table(("Messages", "Arrived", "p50 ms", "p99 ms", "Slowest ms"), rows)
    rates = {label: result[f"pages_{name}"] for label, name in PAGES.items()}
    changing = result["pages_changing"]
    pages = table(
        ("Summary page", "Pages/s", "With changes and streams it is"), [(label, _spread(rate), _ratio(changing, rate)) for label, rate in rates.items()]
    )
    return "## Live\n\n" + messages + "\n" + pages + filled(AFTER.format(**result)) + "\n" + measured(result)


def _counted(turns: Turns) -> str:
    return f"{sum(turn['messages'] for turn in turns):,.0f} of {sum(turn['made'] for turn in turns):,.0f}"


def _spread(values: list[float]) -> str:
    return f"{median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def _ratio(values: list[float], others: list[float]) -> str:
    ratios = [one / other for one, other in zip(values, others, strict=True)]
    return f"**{median(ratios):.2f} ×** ({min(ratios):.2f}–{max(ratios):.2f})"
