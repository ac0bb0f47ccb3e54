"""The worker for exports, beside the server of the tests with accounts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx

from db.pool import Database
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.files import bucket_of
from gateway.wiring.identity import post
from gateway.wiring.letterhead import letterhead
from gateway.wiring.worker import printing
from jobs.attachments import SweepResult, sweep
from jobs.clock import Billing
from jobs.exporting import ExportResult, make_exports
from jobs.passes import Duties
from resolvers.letters import send
from tests.callers.identity import SECRET

EXPORT = "id status requestedBy requestedAt readyAt expiresAt sizeBytes sha256 missing downloadUrl"
REQUEST = f"mutation ($key: String) {{ requestMyData(input: {{ idempotencyKey: $key }}) {{ replayed dataExport {{ {EXPORT} }} userErrors {{ code path }} }} }}"
OF_STAFF = (
    "mutation ($input: ExportCustomerInput!) { exportCustomer(input: $input) "
    f"{{ replayed dataExport {{ {EXPORT} }} userErrors {{ code path message details {{ name value }} }} }} }}"
)
MINE = f"{{ customer {{ id dataExport {{ {EXPORT} }} }} }}"


@dataclass
class ExportWorker:
    duties: Duties

    async def make(self) -> ExportResult:
        """Run the job once, and send the letters that are due."""
        done = ExportResult()
        await make_exports(self.duties, datetime.now(UTC), done=done)
        await send(self.duties.system(datetime.now(UTC)), self.duties.post)
        return done

    async def sweep(self, *, later: timedelta = timedelta(minutes=1)) -> SweepResult:
        now = datetime.now(UTC) + later
        return await sweep(self.duties.system(now), self.duties.bucket, now=now)


def worker(database: Database, data_dir: Path) -> ExportWorker:
    settings = Settings(data_dir=data_dir, secret=SECRET, portal_url="https://portal.example")
    billing = Billing(database, {}, letterhead=letterhead(settings))
    return ExportWorker(Duties(billing, bucket_of(settings, "", b""), post(settings), printing(settings)))


async def downloaded(http: httpx.AsyncClient, export: Mapping[str, Any]) -> tuple[ZipFile, dict[str, Any]]:
    """Download the ZIP of an export, and return it with the content of `customer.json`."""
    answer = await http.get(export["downloadUrl"])
    assert answer.status_code == 200, answer.text
    opened = ZipFile(BytesIO(answer.content))
    assert opened.testzip() is None
    return opened, json.loads(opened.read("customer.json"))
