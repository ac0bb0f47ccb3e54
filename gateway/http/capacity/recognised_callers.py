"""The cache of customers whose row was seen within the last minute, so that reads need not check it again. Bounded in time and in number."""

from datetime import datetime, timedelta

LIFETIME = timedelta(minutes=1)
MAX_CUSTOMERS = 10_000


class RecognisedCallers:
    """A cache per process. A deleted customer stays in it for up to a minute; write transactions always check the database."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def holds(self, customer_id: str | None, *, now: datetime) -> bool:
        until = self._until.get(customer_id or "")
        return until is not None and now < until

    def add(self, customer_id: str, *, now: datetime) -> None:
        if len(self._until) >= MAX_CUSTOMERS:
            self._until.clear()
        self._until[customer_id] = now + LIFETIME

    def forget(self, customer_id: str | None) -> None:
        self._until.pop(customer_id or "", None)
