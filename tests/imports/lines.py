"""Lines of a small shop: one of each kind, which tests change."""

from typing import Any

# A period that runs at any time at which the tests may run, for commands, which have the time of the machine.
FAR = {"price": "team-usd-year", "startedAt": "2026-01-15T00:00:00Z", "periodStartsAt": "2026-01-15T00:00:00Z", "periodEndsAt": "2100-01-15T00:00:00Z"}


def customer(name: str = "C1", /, **changes: Any) -> dict[str, Any]:
    return _line({"externalId": name, "email": f"{name.lower()}@shop.example", "name": f"Customer {name}", "currency": "USD"}, changes)


def method(name: str = "M1", customer: str = "C1", /, **changes: Any) -> dict[str, Any]:
    line = {
        "externalId": name,
        "customer": customer,
        "processorReference": f"sandbox_{name}",
        "brand": "visa",
        "last4": "4242",
        "expiresOn": "2031-04",
        "isDefault": True,
    }
    return _line(line, changes)


def subscription(name: str = "S1", customer: str = "C1", /, **changes: Any) -> dict[str, Any]:
    period = {"startedAt": "2026-01-15T00:00:00Z", "periodStartsAt": "2026-11-15T00:00:00Z", "periodEndsAt": "2026-12-15T00:00:00Z"}
    return _line({"externalId": name, "customer": customer, "price": "team-usd-month", **period}, changes)


def schedule(name: str = "P1", customer: str = "C1", /, **changes: Any) -> dict[str, Any]:
    parts = [{"externalId": f"{name}-{number}", "name": f"Part {number}", "dueOn": f"2027-0{number}-01", "amount": 5000} for number in (1, 2)]
    return _line({"externalId": name, "customer": customer, "name": "In parts", "currency": "USD", "installments": parts}, changes)


def invoice(name: str = "I1", customer: str = "C1", /, **changes: Any) -> dict[str, Any]:
    line = {
        "externalId": name,
        "customer": customer,
        "number": f"N-{name}",
        "currency": "USD",
        "issuedAt": "2026-10-15T00:00:00Z",
        "dueOn": "2026-10-29",
        "status": "PAID",
    }
    return _line({**line, "total": 2900, "lines": [{"description": "Team", "subtotal": 2900}]}, changes)


def payment(name: str = "T1", customer: str = "C1", /, **changes: Any) -> dict[str, Any]:
    line = {"externalId": name, "customer": customer, "currency": "USD", "amount": 2900, "createdAt": "2026-10-15T00:00:05Z"}
    return _line({**line, "allocations": [{"invoice": "I1", "amount": 2900}]}, changes)


def credit(name: str = "B1", customer: str = "C1", /, **changes: Any) -> dict[str, Any]:
    return _line({"externalId": name, "customer": customer, "currency": "USD", "amount": 1250}, changes)


def shop(number: int, period: dict[str, Any] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the lines of so many customers with one line of each kind. `period` are the dates of the subscriptions, and their price."""
    names = [str(place) for place in range(1, number + 1)]
    allocations = [{"invoice": f"I{name}", "amount": 2900} for name in names]
    return {
        "customers": [customer(f"C{name}") for name in names],
        "payment_methods": [method(f"M{name}", f"C{name}") for name in names],
        "subscriptions": [subscription(f"S{name}", f"C{name}", paymentMethod=f"M{name}", **(period or {})) for name in names],
        "payment_schedules": [schedule(f"P{name}", f"C{name}") for name in names],
        "invoices": [invoice(f"I{name}", f"C{name}") for name in names],
        "payments": [payment(f"T{name}", f"C{name}", allocations=[part]) for name, part in zip(names, allocations, strict=True)],
        "credits": [credit(f"B{name}", f"C{name}") for name in names],
    }


def _line(line: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**line, **changes}.items() if value is not ...}
