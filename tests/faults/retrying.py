"""A client as integrators write it: it sends a request again, with the same idempotency key, to the next server, until it is answered."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx

# How long a request is tried, and the pause between two tries.
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.1
# Longer than a server lets a request take.
TIMEOUT_SECONDS = 25.0


class GaveUp(Exception):
    """A request was not answered in time."""


@dataclass
class Seen:
    """What the clients saw: the answers of each action, by status or by the name of the exception, and what no client may see."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    # When an action was last not answered, and when each action was last answered, by the monotonic clock.
    failed_at: float = 0.0
    answered_at: dict[str, float] = field(default_factory=dict)
    slowest: float = 0.0

    @property
    def outcomes(self) -> set[str]:
        return {outcome for _, outcome in self.answers}

    def count(self, *outcomes: str) -> int:
        return sum(number for (_, outcome), number in self.answers.items() if outcome in outcomes)

    def note(self, action: str, outcome: str, *, is_answer: bool) -> None:
        self.answers[action, outcome] += 1
        if is_answer:
            self.answered_at[action] = monotonic()
        else:
            self.failed_at = monotonic()


@dataclass
class RetryingClient:
    """Requests of all customers, to the servers in turn. `addresses` may be changed while it is in use."""

    addresses: list[str]
    http: httpx.AsyncClient
    seen: Seen = field(default_factory=Seen)
    _turn: int = 0

    async def send(self, action: str, method: str, path: str, **content: Any) -> httpx.Response:
        """Return the first answer that is not 503. Raises GaveUp."""
        began = monotonic()
        while monotonic() < began + PATIENCE_SECONDS:
            response = await self._try(action, method, path, **content)
            if response is not None:
                self.seen.slowest = max(self.seen.slowest, monotonic() - began)
                return response
            await asyncio.sleep(PAUSE_SECONDS)
        self.seen.wrong.append(f"{action}: no answer within {PATIENCE_SECONDS:.0f} seconds")
        raise GaveUp(action)

    async def _try(self, action: str, method: str, path: str, **content: Any) -> httpx.Response | None:
        self._turn += 1
        address = self.addresses[self._turn % len(self.addresses)]
        try:
            response = await self.http.request(method, address + path, **content)
        except httpx.TransportError as error:
            self.seen.note(action, type(error).__name__, is_answer=False)
            return None
        if is_cut(response):
            self.seen.note(action, "503", is_answer=False)  # an outage, whatever the status
            return None
        self.seen.note(action, str(response.status_code), is_answer=response.status_code != 503)
        if response.status_code != 503:
            return response
        if problem := problem_of_refusal(response):
            self.seen.wrong.append(f"{action}: {problem}: {response.text[:300]}")
        return None

    async def ask(self, action: str, query: str, headers: dict[str, str], **variables: Any) -> Any:
        """Return the data of a query or a mutation."""
        return self.data(action, await self.send(action, "POST", "/graphql", json={"query": query, "variables": variables}, headers=headers))

    def data(self, action: str, response: httpx.Response) -> Any:
        """Return the data of an answer. One with errors is noted as wrong. Raises GaveUp."""
        body = response.json()
        if response.status_code != 200 or "errors" in body:
            self.seen.wrong.append(f"{action}: {response.status_code} {response.text[:300]}")
            raise GaveUp(action)
        return body["data"]


def is_cut(response: httpx.Response) -> bool:
    """Whether the database was lost between the effect of a mutation and the reading of its result: sent again with the same key, it returns the result."""
    if response.status_code != 200 or not response.headers.get("content-type", "").startswith(("application/json", "application/graphql-response+json")):
        return False
    errors = response.json().get("errors", ())
    return bool(errors) and all(error["extensions"]["code"] == "SERVICE_UNAVAILABLE" and error["extensions"]["retryAfterSeconds"] > 0 for error in errors)


def problem_of_refusal(response: httpx.Response) -> str:
    """Return what is wrong with an answer 503; empty if it is as documented."""
    if not response.headers.get("retry-after", "").isdecimal():
        return "503 without Retry-After"
    codes: Sequence[str] = [error["extensions"]["code"] for error in response.json()["errors"]]
    return "" if set(codes) == {"SERVICE_UNAVAILABLE"} else f"503 with the codes {codes}"
