"""What is measured every few seconds: memory, files, connections, tables, and how late the event loops are."""

import os
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.runner.processes import children, resident_mb
from bench.soak.stage import Stage
from tests.faults.site import LOST
from tests.gateway.monitoring.scraping import Scrape, parsed

CONNECTIONS = "select count(*) from pg_stat_activity where application_name like 'portico%'"
# What a table's rows take with their indexes, and how many there are. Partitions count as their parent.
TABLES = """
select coalesce(parent.relname, c.relname) as name, sum(pg_total_relation_size(c.oid))::bigint as bytes, sum(s.n_live_tup)::bigint as rows
  from pg_class c join pg_stat_user_tables s on s.relid = c.oid left join pg_inherits i on i.inhrelid = c.oid left join pg_class parent on parent.oid = i.inhparent
 where c.relnamespace = 'portico'::regnamespace and c.relkind = 'r' group by 1"""


@dataclass(frozen=True, slots=True)
class TableSize:
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement, `minute` after the begin. `values` are by name; `lag` are sums and counts of the event loops' lateness so far."""

    minute: float
    values: dict[str, float]
    tables: dict[str, TableSize]
    lag: dict[str, tuple[float, float]]


async def sampled(stage: Stage, minute: float) -> Sample | None:
    """Measure once; None while something does not answer, as during a fault."""
    try:
        async with stage.site.admin() as admin, httpx.AsyncClient(timeout=10) as http:
            lag = {name: _lag(await _scraped(http, port)) for name, port in stage.ports.items() if name != "worker"}
            connections = float(await admin.fetchval(CONNECTIONS))
            tables = {row["name"]: TableSize(row["bytes"], row["rows"]) for row in await admin.fetch(TABLES)}
    except (*LOST, httpx.TransportError):
        return None
    values = _of_processes(stage) | {"connections": connections, "Postgres: private MB": _private_mb(stage)}
    return Sample(minute, values, tables, lag)


def _of_processes(stage: Stage) -> dict[str, float]:
    values: dict[str, float] = {}
    for name, pid in stage.pids.items():
        values[f"{name}: resident MB"] = resident_mb(pid)
        values[f"{name}: open files"] = float(len(os.listdir(f"/proc/{pid}/fd")))
    return values


def _private_mb(stage: Stage) -> float:
    """Return the anonymous memory of all processes of Postgres, without what they share."""
    postmaster = int((stage.site.place.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    return sum(_anonymous_kb(pid) for pid in (postmaster, *children(postmaster))) * 1024 / 1e6


def _anonymous_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:")), 0)


async def _scraped(http: httpx.AsyncClient, port: int) -> Scrape:
    return parsed((await http.get(f"http://127.0.0.1:{port}/metrics")).text)


def _lag(scrape: Scrape) -> tuple[float, float]:
    name = "portico_event_loop_lag_seconds"
    return scrape.value(f"{name}_sum"), scrape.value(f"{name}_count")
