"""Generated files of an import: each customer has six lines, with a paid invoice and its payment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

KINDS = ("customers", "payment_methods", "subscriptions", "invoices", "payments", "credits")
Write = Callable[[str, dict[str, Any]], None]


def write_folder(folder: Path, customers: int) -> None:
    """Write the files of so many customers. The subscriptions run in December 2026."""
    files = {kind: (folder / f"{kind}.jsonl").open("wb") for kind in KINDS}
    try:
        for number in range(customers):
            for kind, line in _lines(number).items():
                files[kind].write(orjson.dumps(line) + b"\n")
    finally:
        for file in files.values():
            file.close()


def _lines(number: int) -> dict[str, dict[str, Any]]:
    owner = {"customer": f"C{number:07d}"}
    period = {"periodStartsAt": "2026-10-31T08:00:00Z", "periodEndsAt": "2026-11-30T08:00:00Z"}
    document = {
        "number": f"2026-{number:07d}",
        "currency": "EUR",
        "issuedAt": "2026-10-31T08:00:00Z",
        "dueOn": "2026-11-14",
        "status": "PAID",
        "reason": "RENEWAL",
    }
    text = [{"description": "Team, monthly", "subtotal": "27.00", "tax": "5.13", "taxRate": "19"}]
    address = {"line1": f"Street {number}", "city": "Berlin", "postalCode": "10115", "country": "DE"}
    return {
        "customers": {
            "externalId": owner["customer"],
            "email": f"customer{number}@example.net",
            "name": f"Customer number {number}",
            "currency": "EUR",
            "locale": "de-DE",
            "timeZone": "Europe/Berlin",
            "taxRate": "19",
            "billingAddress": address,
        },
        "payment_methods": {
            "externalId": f"M{number}",
            **owner,
            "processorReference": f"sandbox_{number}",
            "brand": "visa",
            "last4": f"{number % 10_000:04d}",
            "isDefault": True,
        },
        "subscriptions": {
            "externalId": f"S{number}",
            **owner,
            "price": "team-eur-month",
            "startedAt": "2025-03-31T08:00:00Z",
            "periodStartsAt": "2026-11-30T08:00:00Z",
            "periodEndsAt": "2026-12-31T08:00:00Z",
            "paymentMethod": f"M{number}",
        },
        "invoices": {"externalId": f"I{number}", **owner, **document, "subscription": f"S{number}", **period, "total": "32.13", "lines": text},
        "payments": {
            "externalId": f"T{number}",
            **owner,
            "currency": "EUR",
            "amount": "32.13",
            "createdAt": "2026-10-31T08:00:05Z",
            "paymentMethod": f"M{number}",
            "allocations": [{"invoice": f"I{number}", "amount": "32.13"}],
        },
        "credits": {"externalId": f"B{number}", **owner, "currency": "EUR", "amount": "12.50"},
    }
