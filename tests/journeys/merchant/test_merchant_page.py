"""The script of docs/merchant.md: from an empty database to a customer with a plan of the merchant's own, a payment schedule, a credit note and a refund."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from db.builtin.embedded import Urls
from tests.auditing import audited
from tests.conftest import SECRET, needs
from tests.servers.processes import process
from tests.template import create_database


@pytest.fixture
def empty(urls: Urls) -> Urls:
    return asyncio.run(create_database(urls, "merchant_page"))


def script_of(page: str) -> str:
    _, _, rest = page.partition("```bash\n")
    return rest.partition("```\n")[0]


def printed_by(script: str, root: Path, environment: dict[str, str]) -> Any:
    ended = subprocess.run([needs("bash"), "-c", script], cwd=root, env=os.environ | environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def nodes(customer: Any, field: str) -> list[Any]:
    return list(customer[field]["nodes"])


async def test_the_script_takes_an_empty_database_to_a_customers_page(root: Path, tmp_path: Path, empty: Urls) -> None:
    for program in ("jq", "curl"):
        needs(program)
    script = script_of((root / "docs/merchant.md").read_text(encoding="utf-8"))
    with process(root, empty, tmp_path) as (_, address):
        environment = {"GATEWAY": address, "PORTICO_DATABASE_URL": empty.admin, "PORTICO_DATA_DIR": str(tmp_path), "PORTICO_TOKEN_SECRET": SECRET}
        async with audited(empty.admin, is_whole=True):
            customer = (await asyncio.to_thread(printed_by, script, root, environment))["customer"]

    (subscription,) = nodes(customer, "subscriptions")
    assert (subscription["plan"]["name"], subscription["status"], subscription["renewalAmount"]["formatted"]) == ("Studio", "ACTIVE", "58,31\xa0€")
    (schedule,) = nodes(customer, "paymentSchedules")
    assert (schedule["total"]["formatted"], len(nodes(schedule, "installments"))) == ("1.000,00\xa0€", 6)
    (set_up,) = [invoice for invoice in nodes(customer, "invoices") if nodes(invoice, "creditNotes")]
    assert sorted(note["total"]["formatted"] for note in nodes(set_up, "creditNotes")) == ["11,90\xa0€", "23,80\xa0€"]
    assert [refund["status"] for payment in nodes(customer, "payments") for refund in payment["refunds"]] == ["SUCCEEDED"]
