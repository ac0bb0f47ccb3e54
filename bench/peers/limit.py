"""pgbench with the hand-written statement: the limit of Postgres itself on this machine, with a client that does no other work."""

import asyncio
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg

from bench.peers.handwritten import STATEMENT
from bench.runner.database import Place
from bench.runner.load import Seen
from bench.runner.portal import POOL
from db.builtin import postmaster

NAME = "pgbench, the limit"

# One round trip for all four. pgbench has no text variables of its own, so the customer is selected by a number and read from the setting.
SCRIPT = """\\set n random(1, {customers})
\\startpipeline
begin isolation level repeatable read read only;
select set_config('app.customer_id', id, true), set_config('app.actor', 'CUSTOMER', true), set_config('app.now', cast(clock_timestamp() as text), true)
  from public.bench_customer where n = :n;
{statement};
commit;
\\endpipeline
"""


@dataclass(frozen=True, slots=True)
class Limit:
    socket: str
    script: str


def prepare(place: Place, ids: list[str]) -> Limit:
    asyncio.run(_number(place.admin_url, ids))
    statement = re.sub(r"^--.*\n", "", STATEMENT, flags=re.M).strip().replace("$1", "current_setting('app.customer_id')")
    statement = re.sub(r":(MI|SS)", r'":"\1', statement)  # pgbench would read the :MI of a format as a variable
    return Limit(place.socket, SCRIPT.format(customers=len(ids), statement=statement))


def run(limit: Limit, seconds: float) -> Seen:
    """Run pgbench with ten clients, the number of connections in each server's pool."""
    with tempfile.TemporaryDirectory(prefix="portico-pgbench-") as folder:
        script = Path(folder) / "script.sql"
        script.write_text(limit.script, encoding="utf-8")
        # fmt: off
        command = [
            str(postmaster.programs() / "pgbench"), "-h", limit.socket, "-U", "portico_app", "-n", "-M", "prepared",
            "-c", str(POOL), "-j", "1", "-T", str(max(1, round(seconds))), "-l", f"--log-prefix={folder}/log", "-f", str(script), "postgres",
        ]
        # fmt: on
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        latencies = sorted(int(line.split()[2]) / 1000 for log in Path(folder).glob("log.*") for line in log.read_text(encoding="utf-8").splitlines())
    rate = float(output.partition("tps = ")[2].split()[0])
    return Seen(len(latencies), len(latencies) / rate, median(latencies), latencies[int(len(latencies) * 0.99)], 0, 0.0)


async def _number(admin_url: str, ids: list[str]) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("drop table if exists public.bench_customer; create unlogged table public.bench_customer (n integer primary key, id text)")
        await connection.copy_records_to_table("bench_customer", schema_name="public", records=list(enumerate(ids, 1)))
        await connection.execute("grant select on public.bench_customer to portico_app; analyze public.bench_customer")
    finally:
        await connection.close()
