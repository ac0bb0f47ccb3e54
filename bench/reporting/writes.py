"""The sections of docs/performance.md about writes and about overload."""

from bench.reporting.curve import Curve, Panel, curves
from bench.reporting.pages import Result, Turns, compared, filled, measured, middle, spread_of, table

OURS = "Portico"
AFTER_WRITES = """
Medians of {rounds} turns of each server in turn, in brackets the smallest and the largest; {connections} requests at a time, each of its own customer with its own idempotency key.
"Portico is" compares turns of the same round. CPU in seconds per 1,000 calls. The hand-written handler (Starlette, asyncpg, `bench/writes/handler.py`) has the same guarantees
with as few statements as they allow: it claims the key, locks the customer, changes only the state that it has read, and writes the entry in the audit trail and the key's answer in the same
transaction, under row security. Its payInvoice stores no charge before it calls the processor, so a crash between the two is not recovered, as Portico recovers it. Its previews and changes
of plan use Portico's rules and blocks without GraphQL, and its uploads Portico's checks of files: the name of the object is stored before its bytes, the file is synced to the disk, and row,
key and entry are written in one transaction after it. "Plain writes" have none of these. The database's triggers write the same events for all of them. Portico answers from a
new snapshot after the commit, and the others with the columns that the change returns.
"""
AFTER_EVENTS = """
What the events cost that triggers write for live pages and webhooks: Portico over two databases of one Postgres in turns ({rounds} turns each), in one of which these triggers are off.
"""
AFTER_TRAFFIC = """
Statements and round trips of one call, one at a time: a statement is one message that Postgres runs, and the one that opens the transaction, sets the caller,
claims the key and locks the customer counts as one.
"""
AFTER_LOAD = """
The Summary page with 8 to 256 requests at a time, as shipped (medians of {rounds} turns of {seconds:g} s): a request that finds no place within a quarter of a second is answered 503,
so that what is answered keeps its time. p99 is that of answered pages.
"""


def of_writes(result: Result | None, events: Result | None) -> str:
    if result is None:
        return ""
    parts = [
        "## Writes\n",
        _rates(result["turns"]) + filled(AFTER_WRITES.format(**result)),
        _traffic(result["traffic"]) + filled(AFTER_TRAFFIC),
        measured(result),
    ]
    if events is not None:
        parts += [_events(events["turns"]) + filled(AFTER_EVENTS.format(**events)), measured(events)]
    return "\n".join(parts)


def of_load(result: Result | None) -> str:
    if result is None:
        return ""
    rows = [
        (number, spread_of(turns, "rate", "{:,.0f}"), f"{middle(turns, 'refused'):,.0f}", f"{middle(turns, 'p50'):.1f}", spread_of(turns, "p99", "{:,.0f}"))
        for number, turns in result["points"].items()
    ]
    lines = table(("At a time", "Pages/s", "Refused/s", "p50 ms", "p99 ms"), rows)
    return "## Under more load\n\n![Throughput and latencies](performance-load.svg)\n\n" + lines + filled(AFTER_LOAD.format(**result)) + "\n" + measured(result)


def load_chart(result: Result) -> str:
    points: dict[str, Turns] = result["points"]

    def line(name: str, kind: str, figure: str) -> Curve:
        return Curve(name, kind, [middle(turns, figure) for turns in points.values()])

    panels = [
        Panel("Requests a second, by how many at a time", [line("answered", "a", "rate"), line("refused (503)", "b", "refused")]),
        Panel("Milliseconds of what is answered", [line("p50", "a", "p50"), line("p99", "b", "p99")]),
    ]
    return curves("One process under more and more load", list(points), panels)


def _rates(turns: dict[str, dict[str, Turns]]) -> str:
    rows = []
    for mutation, servers in turns.items():
        for name, seen in servers.items():
            cpu = [f"{middle(seen, figure):.2f}" for figure in ("server_cpu", "postgres_cpu")]
            ratio = "" if name == OURS else compared(servers[OURS], seen, "rate")
            label = f"**{name}**" if name == OURS else name
            rows.append((mutation, label, spread_of(seen, "rate", "{:,.0f}"), ratio, f"{middle(seen, 'p50'):.1f}", f"{middle(seen, 'p99'):.1f}", *cpu))
    return table(("Mutation", "Server", "Calls/s", "Portico is", "p50 ms", "p99 ms", "CPU: server", "Postgres"), rows)


def _traffic(counts: dict[str, dict[str, dict[str, float]]]) -> str:
    names = list(counts)
    mutations = dict.fromkeys(mutation for of_server in counts.values() for mutation in of_server)
    rows = []
    for mutation in mutations:
        seen = [counts[name].get(mutation) for name in names]
        rows.append((mutation, *(f"{each['statements']:.0f} / {each['round_trips']:.0f}" if each else "" for each in seen)))
    return table(("Statements / round trips", *names), rows)


def _events(turns: dict[str, dict[str, Turns]]) -> str:
    rows = []
    for mutation, (having, lacking) in ((mutation, tuple(each.values())) for mutation, each in turns.items()):
        cpu = [compared(having, lacking, figure) for figure in ("server_cpu", "postgres_cpu")]
        rows.append((mutation, spread_of(having, "rate", "{:,.0f}"), spread_of(lacking, "rate", "{:,.0f}"), compared(having, lacking, "rate"), *cpu))
    return table(("Mutation", "Calls/s with events", "without", "Rate", "CPU: server", "Postgres"), rows)
