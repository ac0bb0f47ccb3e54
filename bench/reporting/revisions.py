"""The section of docs/performance.md about answers that have not changed."""

from statistics import median

from bench.reporting.pages import Result, filled, measured, middle, spread_of, table

PAGE, TWO = "page by POST", ", two processes"
AFTER = """
The Summary page by its document id, and the 304 to those who have it already: medians of {rounds} turns of {seconds:g} s each in turn, {concurrency} requests at a time;
in brackets the smallest and the largest. Ratios are those within a round, to the page by POST of the same server. An old ETag costs the look-up and then the page. For a 304
Postgres has so little to do that the one process of the server limits the rate; two processes (`serve --workers 2`) use both processors, as Postgres does for pages.
"""


def page_of(name: str) -> str:
    """Return the page that a request is compared with: that of the same server."""
    return PAGE + TWO if name.endswith(TWO) else PAGE


def of_revisions(result: Result | None) -> str:
    if result is None:
        return ""
    rows = []
    for name, turns in result["turns"].items():
        page = result["turns"][page_of(name)]
        ratios = [turn["rate"] / base["rate"] for turn, base in zip(turns, page, strict=True)]
        savings = [(base["server"] + base["postgres"]) / (turn["server"] + turn["postgres"]) for turn, base in zip(turns, page, strict=True)]
        compared = [f"**{median(values):.2f} ×** ({min(values):.2f}–{max(values):.2f})" if turns is not page else "" for values in (ratios, savings)]
        cpu = [f"{middle(turns, figure):.0f}" for figure in ("server", "postgres")]
        rows.append((name, spread_of(turns, "rate", "{:,.0f}"), compared[0], f"{middle(turns, 'p50'):.1f}", *cpu, compared[1]))
    lines = table(("Request", "Requests/s", "Of the page", "p50 ms", "CPU µs: server", "Postgres", "The page's CPU is"), rows)
    return "## Answers that have not changed\n\n" + lines + filled(AFTER.format(**result)) + "\n" + measured(result)
