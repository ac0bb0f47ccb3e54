"""Customers of another system, which still collects from them until they are released: nothing of theirs is collected here before."""

import json
from datetime import timedelta
from pathlib import Path

from db.builtin.embedded import Urls
from imports.running.evidence import ImportPorts
from imports.running.run import ImportOptions, ImportProgress, run_import
from tests.auditing import belongs_to_this_test
from tests.imports import lines
from tests.lifecycle.conftest import Life
from tests.lifecycle.mixed.mixed_history import MixedHistory


async def import_customer(history: MixedHistory, place: Urls, folder: Path) -> None:
    """Let the history be that of an imported customer, with a schedule whose first installment is invoiced."""
    life = history.life
    name, number = f"C{life.customer_id}", life.customer_id[-10:]
    due_on = [str((life.now + timedelta(days=days)).date()) for days in (3, 10, 40)]
    installments = [{"externalId": f"{name}-{due}", "name": f"Due on {due}", "dueOn": due, "amount": 2_900} for due in due_on]
    terms = {"invoicing": "PER_INSTALLMENT", "collection": "AUTOMATIC", "installments": [installments[0] | {"invoice": f"I{name}"}, *installments[1:]]}
    invoice = {
        "status": "OPEN",
        "collection": "AUTOMATIC",
        "schedule": f"P{name}",
        "issuedAt": life.now.isoformat(),
        "dueOn": due_on[0],
        "number": f"N-{number}",
    }
    files = {
        "customers": lines.customer(name, currency=history.currency, timeZone="Europe/Zurich"),
        "payment_methods": lines.method(f"M{name}", name, processorReference=f"sandbox_{history.chance.getrandbits(64):016x}"),
        "payment_schedules": lines.schedule(f"P{name}", name, currency=history.currency, **terms),
        "invoices": lines.invoice(f"I{name}", name, currency=history.currency, **invoice),
    }
    for kind, line in files.items():
        (folder / f"{kind}.jsonl").write_text(json.dumps(line) + "\n")
    work = folder / "work"
    work.mkdir()
    await run_import(place.admin, ImportOptions(folder, name, life.now), work, work / "report.jsonl", ImportProgress(), ImportPorts())
    life.customer_id = await life.admin.fetchval("select id from customer where external_id = $1", name)
    belongs_to_this_test(life.customer_id)
    history.is_held = True
    history.log.append(f"imported {files}")


async def check_held(life: Life) -> None:
    """Assert that nothing of the imported schedule will be charged by the clock."""
    collected = await life.admin.fetch(
        """select i.id from invoice i join payment_schedule s on s.customer_id = i.customer_id and s.id = i.schedule_id
            where i.customer_id = $1 and s.external_id is not null and i.collect_at is not null
           union all
           select p.id from installment p join payment_schedule s on s.customer_id = p.customer_id and s.id = p.schedule_id
            where p.customer_id = $1 and s.external_id is not null and p.invoice_at is not null""",
        life.customer_id,
    )
    assert collected == [], f"the clock will collect {[row['id'] for row in collected]}, which the other system collects"
