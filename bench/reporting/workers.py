"""The section of docs/performance.md about several processes of one server."""

from bench.reporting.pages import Result, compared, filled, measured, middle, spread_of, table

AFTER = """
The Summary page from `serve --workers N`, one server with N processes behind one port: medians of {rounds} turns of {seconds:g} s each in turn, {concurrency} requests at a time;
in brackets the smallest and the largest. Ratios are those within a round. Memory is that of each process after its last turn: RSS counts a page that processes share in each of
them, PSS divides it between them. The processes are forked from one that has imported and built everything; what it holds itself is in the last column. Postgres and the load
generator use the same processors, so that more processes than there are free processors cannot increase the rate.
"""


def of_workers(result: Result | None) -> str:
    if result is None:
        return ""
    one = next(iter(result["turns"].values()))
    rows = []
    for number, turns in result["turns"].items():
        memory = result["memory"][number]
        sizes = [_range(memory[kind]) for kind in ("resident", "proportional")]
        whole = sum(memory["proportional"]) + sum(memory["supervisor_proportional"])
        ratio = "" if turns is one else compared(turns, one, "rate")
        cpu = [f"{middle(turns, figure):.2f}" for figure in ("server_cpu", "postgres_cpu")]
        supervisor = _range(memory["supervisor_proportional"]) if memory["supervisor_proportional"] else ""
        rows.append((number, spread_of(turns, "rate", "{:,.0f}"), ratio, spread_of(turns, "p99", "{:.1f}"), *cpu, *sizes, f"{whole:.0f} MB", supervisor))
    head = ("N", "Pages/s", "Of one", "p99 ms", "CPU: server", "Postgres", "RSS of each", "PSS of each", "PSS of all", "of which the supervisor")
    return "## Several processes\n\n" + table(head, rows) + filled(AFTER.format(**result)) + "\n" + measured(result)


def _range(sizes: list[float]) -> str:
    low, high = f"{min(sizes):.0f}", f"{max(sizes):.0f}"
    return f"{low} MB" if low == high else f"{low}–{high} MB"
