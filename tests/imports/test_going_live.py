"""The commands of docs/going-live.md, run from the first to the last with 300 customers; the page shows what they print."""

import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from db.builtin import embedded
from tests.auditing import audited
from tests.conftest import SECRET, needs
from tests.imports.stripe.crowd import crowd
from tests.imports.stripe.server import KEY, StripeServer, serving
from tests.servers.processes import process
from tests.template import create_database

pytestmark = pytest.mark.in_turns(3)

ROOT = Path(__file__).parents[2]
CUSTOMERS = 300
# A block of commands, and what it prints, if the page shows that.
STEP = re.compile(r"```bash\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


@dataclass(frozen=True)
class Printed:
    """What the commands of a step printed, what the page shows of it, and how many requests Stripe had by then."""

    output: str
    excerpt: str
    requests: int


@pytest.fixture(scope="module")
async def database_urls(urls: embedded.Urls) -> AsyncIterator[embedded.Urls]:
    created = await create_database(urls, "going_live")
    async with audited(created.admin, is_whole=True):
        yield created


@pytest.fixture(scope="module")
def steps(database_urls: embedded.Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Printed]]:
    """The steps, run one after the other in one folder."""
    for program in ("bash", "jq", "curl"):
        needs(program)
    folder = tmp_path_factory.mktemp("live")
    page = (ROOT / "docs/going-live.md").read_text(encoding="utf-8")
    with serving(crowd(CUSTOMERS, now=datetime.now(UTC))) as stripe, process(ROOT, database_urls, tmp_path_factory.mktemp("server")) as (_, url):
        yield [_run(commands, excerpt, stripe, folder, database_urls, url) for commands, excerpt in STEP.findall(page)]


def _run(commands: str, excerpt: str, stripe: StripeServer, folder: Path, urls: embedded.Urls, url: str) -> Printed:
    environment = os.environ | {
        "PORTICO_DATABASE_URL": urls.admin,
        "PORTICO_APP_DATABASE_URL": urls.app,
        "PORTICO_DATA_DIR": str(folder / "data"),
        "PORTICO_TOKEN_SECRET": SECRET,
        "PORTICO_STRIPE_IMPORT_KEY": KEY,
        "PORTICO_STRIPE_IMPORT_ADDRESS": stripe.address,
        "GATEWAY": url,
    }
    script = "set -euo pipefail\n" + commands.replace("./portico ", f"{ROOT}/portico ").replace("import-from stripe ", "import-from stripe --per-second 100 ")
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
    return Printed(done.stdout, excerpt, len(stripe.requests))


def test_every_step_prints_what_the_page_shows(steps: list[Printed]) -> None:
    assert len(steps) == 7
    for step in steps:
        printed = {" ".join(line.split()) for line in step.output.splitlines()}
        missing = [line for line in step.excerpt.splitlines() if " ".join(line.split()) not in printed]
        assert not missing, (missing, step.output)


async def test_everybody_is_here_and_released_and_nobody_was_billed_mailed_or_told(steps: list[Printed], database_urls: embedded.Urls) -> None:
    connection = await asyncpg.connect(database_urls.admin, server_settings={"search_path": "portico"})
    try:
        customers = await connection.fetchval("select count(*) from customer")
        held = await connection.fetch("select c.external_id from subscription s join customer c on c.id = s.customer_id where 'IMPORT' = any(s.holds)")
        new = await connection.fetchval("select count(*) from invoice where imported_at is null")
        charges = await connection.fetchval("select count(*) from charge")
        letters = await connection.fetchval("select count(*) from letter_cause")
    finally:
        await connection.close()
    assert customers == CUSTOMERS * 99 // 100
    # Those who have nothing to pay with.
    assert [row[0] for row in held] == [f"cus_c{number:04}" for number in range(2, CUSTOMERS, 100)]
    assert (new, charges, letters) == (0, 0, 0)
    invited, wave = steps[4].output.splitlines(), steps[5].output.splitlines()
    assert len({line for line in invited if line.startswith('{"userErrors":[],')}) == len(invited) == 10
    assert wave == ["1 subscription released, 0 still held."] * 10


def test_the_last_steps_ask_nothing_of_stripe(steps: list[Printed]) -> None:
    assert steps[0].requests == steps[-1].requests > CUSTOMERS
