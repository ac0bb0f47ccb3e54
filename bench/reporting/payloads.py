"""The section of docs/performance.md about payloads of mutations."""

from statistics import median

from bench.reporting.pages import Result, Turns, compared, filled, measured, middle, spread_of, table

AFTER = """
The mutations of the portal with its own documents (`schema/documents/actions`), whose payloads are what a page shows afterwards: medians of {rounds} turns of each server in turn,
{connections} requests at a time. Both servers are Portico and write by the same statements; one reads the payload by one statement, and the other has graphql-core's executor and a
dataloader for each relation, as plain Strawberry has. CPU in seconds per 1,000 calls. The ratios include the write, which is the same for both.
"""


def of_payloads(result: Result | None) -> str:
    if result is None:
        return ""
    rows = []
    for mutation, of_servers in result["turns"].items():
        planned, by_fields = of_servers.values()
        columns = (
            spread_of(planned, "rate", "{:,.0f}"),
            spread_of(by_fields, "rate", "{:,.0f}"),
            compared(planned, by_fields, "rate"),
            _saved(planned, by_fields),
        )
        cpu = [f"{middle(turns, 'server_cpu'):.2f} / {middle(turns, 'postgres_cpu'):.2f}" for turns in (planned, by_fields)]
        rows.append((mutation, *columns, *cpu))
    head = ("Mutation", "Calls/s", "Field by field", "Portico is", "Its server's CPU is", "CPU: server / Postgres", "Field by field")
    return "## Payloads\n\n" + table(head, rows) + filled(AFTER.format(**result)) + "\n" + measured(result)


def _saved(planned: Turns, by_fields: Turns) -> str:
    """Return how many times as much CPU the other server needs, in the same round."""
    ratios = [other["server_cpu"] / own["server_cpu"] for own, other in zip(planned, by_fields, strict=True)]
    return f"1/{median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})"
