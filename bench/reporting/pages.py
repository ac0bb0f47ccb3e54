"""The text and tables of docs/performance.md."""

from collections.abc import Iterable, Sequence
from statistics import median
from textwrap import fill
from typing import Any

PLANNER = "Portico, planner"
BY_ID = "Portico, document id"
WIDTH = 120
Turns = list[dict[str, float]]
Result = dict[str, Any]

INTRODUCTION = """# Performance

The Summary page (`schema/documents/Summary.graphql`) of many different customers, from one process of each server, over one database, with the same fields
and the same rows. Every server verifies the same EdDSA token (and caches verified tokens), reads under row security and has a pool of ten
connections. Before the measurements the answers of all servers for {compared} customers were compared, and they were equal. This page is written by
`python -m bench.report`; how each server is set up, and why, is in [bench/README.md](../bench/README.md).

![Summary pages per second](performance.svg)
"""

AFTER_RATES = """
Medians of {rounds} rounds with a turn of {seconds:g} s for each server, {concurrency} requests at a time; in brackets the smallest and the largest
round. "Planner is" compares the planner with the other server in the same round; all servers get the text of the document, which all have parsed and
validated before. "By document id" Portico gets the id of the same document, as from its own clients. Server, Postgres and load generator share the machine's processors,
so the cost of a page in Postgres limits every ratio; the next table separates the two. "Tuned" are the same servers with node-postgres' pipelining
and named statements, both of which node-postgres leaves off.
"""

AFTER_COSTS = """
CPU in seconds per 1,000 pages. A statement is one message that Postgres runs (the one that opens the transaction and sets the caller counts as one); a
round trip is all that is sent before the next answer. A proxy before Postgres counted both, for {probe} requests one at a time, after as many for
warming up: the figures are those of the median request. Where requests wait for a connection, as in the turns above, Portico's COMMIT is sent together with the statement that opens the next
transaction. Resident memory is that of the process after its last turn.
"""

AFTER_WORKERS = """
Pages/s of the same server as one process and as two: Portico by `serve --workers 2`, the others as two servers between which the connections are distributed. If Postgres and
the load generator use the remaining processors, a second process cannot increase the rate.
"""

WITHOUT_GAIN = """## What was tried without gain

[Decision 88](decisions/0088-what-a-page-costs-postgres.md) lists it for the statement of a page, counted in instructions, and
[decision 96](decisions/0096-round-trips-of-a-mutation.md) what was not chosen for mutations.
"""

REPEAT = """## How to repeat it

```sh
make performance                    # all of this page, about an hour; needs npm and Node 20 or newer
make performance OPTIONS=--all      # also databases of 200,000 customers
make performance OPTIONS=--quick    # minutes: whether all of it runs
.venv/bin/python -m bench.report    # this page from the figures of the last runs
```
"""


def page(result: Result, more: Sequence[str] = ()) -> str:
    """Return the page. `more` are sections of other measurements."""
    numbers = {"probe": 50, **{name: result[name] for name in ("compared", "rounds", "seconds", "concurrency")}}
    parts = [
        filled(INTRODUCTION.format(**numbers)),
        _rates(result) + filled(AFTER_RATES.format(**numbers)),
        "## What a page costs\n\n" + _costs(result) + filled(AFTER_COSTS.format(**numbers)),
        _workers(result),
        *more,
        filled(WITHOUT_GAIN),
        _machine(result),
        REPEAT,
    ]
    return "\n".join(part for part in parts if part)


def _rates(result: Result) -> str:
    rows = []
    for name, turns in sorted(result["turns"].items(), key=lambda item: -middle(item[1], "rate")):
        ratios = [compared(result["turns"][ours], turns, "rate") if ours != name and ours in result["turns"] else "" for ours in (PLANNER, BY_ID)]
        rows.append((_strong(name), spread_of(turns, "rate", "{:,.0f}"), *ratios, f"{middle(turns, 'p50'):.1f}", f"{middle(turns, 'p99'):.1f}"))
    return table(("Server", "Pages/s", "Planner is", "By document id it is", "p50 ms", "p99 ms"), rows)


def _costs(result: Result) -> str:
    rows = []
    for name, turns in sorted(result["turns"].items(), key=lambda item: middle(item[1], "server_cpu") + middle(item[1], "postgres_cpu")):
        traffic = result["traffic"].get(name, {})
        memory = result["memory_mb"].get(name)
        cpu = [middle(turns, "server_cpu"), middle(turns, "postgres_cpu")]
        known = [f"{traffic[key]:.1f}" if traffic else "" for key in ("statements", "round_trips")]
        rows.append((_strong(name), f"{cpu[0]:.2f}" if traffic else "", f"{cpu[1]:.2f}", *known, f"{memory:.0f} MB" if memory else ""))
    return table(("Server", "CPU in the server", "CPU in Postgres", "Statements", "Round trips", "Resident memory"), rows)


def _workers(result: Result) -> str:
    if "workers" not in result:
        return ""
    rows = []
    for name, turns in result["workers"].items():
        one, two = (spread_of(turns[kind], "rate", "{:,.0f}") for kind in ("one", "two"))
        rows.append((_strong(name), one, two, compared(turns["two"], turns["one"], "rate")))
    return "## One process and two\n\n" + table(("Server", "One", "Two", "Two are"), rows) + filled(AFTER_WORKERS)


def _machine(result: Result) -> str:
    machine = "\n".join(f"- {name}: {value}" for name, value in result["machine"].items())
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    others = median(turn["others"] for turns in result["turns"].values() for turn in turns)
    note = f"- Used by other processes during the median turn: {100 * others:.0f} % of the machine. A turn in which they used more than 8 % was repeated once."
    lines = fill(note, WIDTH, subsequent_indent="  ")
    return f"## Where and with what\n\nThe pages were measured {_instant(result)} UTC; other sections have their own lines.\n\n{machine}\n{lines}\n\n{filled(versions + '.')}"


def filled(text: str) -> str:
    """Return the text with paragraphs in lines of at most 120 characters; headings and pictures are unchanged."""
    paragraphs = text.strip("\n").split("\n\n")
    lines = (part if part.startswith(("#", "!")) else fill(part, WIDTH, break_long_words=False, break_on_hyphens=False) for part in paragraphs)
    return text[: len(text) - len(text.lstrip("\n"))] + "\n\n".join(lines) + "\n"


def middle(turns: Turns, key: str) -> float:
    return median(turn[key] for turn in turns)


def spread_of(turns: Turns, key: str, form: str) -> str:
    values = [turn[key] for turn in turns]
    return f"{form.format(median(values))} ({form.format(min(values))}–{form.format(max(values))})"


def compared(turns: Turns, others: Turns, figure: str) -> str:
    """Return the ratios of turns of the same round."""
    ratios = [turn[figure] / other[figure] for turn, other in zip(turns, others, strict=True)]
    return f"**{median(ratios):.2f} ×** ({min(ratios):.2f}–{max(ratios):.2f})"


def measured(result: Result) -> str:
    """Return a line that says when and where figures were measured."""
    machine = result["machine"]
    return filled(f"Measured {_instant(result)} UTC: {machine['Processor']}, {machine['Memory']}; load before {machine['Load before']}.")


def _instant(result: Result) -> str:
    return str(result["at"][:16].replace("T", " "))


def _strong(name: str) -> str:
    return f"**{name}**" if name == PLANNER else name


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:" for _ in head[1:]]]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))
