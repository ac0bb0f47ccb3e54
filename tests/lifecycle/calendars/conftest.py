"""Fixtures of tests of calendars: a server on the database of the lifecycle, and one customer whose calendar is read from it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from icalendar import Calendar, Event

from auth.viewer import Viewer
from db.builtin import embedded
from tests.conftest import token
from tests.lifecycle.conftest import Life

CREATE = "mutation ($input: CreateCalendarLinkInput!) { createCalendarLink(input: $input) { replayed customer { calendarUrl } userErrors { code path } } }"
REVOKE = "mutation ($input: RevokeCalendarLinkInput!) { revokeCalendarLink(input: $input) { replayed customer { calendarUrl } userErrors { code path } } }"
LINK = "query ($id: ID!) { customer(id: $id) { calendarUrl calendarLink { createdAt lastUsedAt } } }"


@dataclass
class Feed:
    """A client of the server, for the customer of a life."""

    http: httpx.AsyncClient
    life: Life

    async def ask(self, text: str, viewer: Viewer | None = None, *, access: str | None = None, **variables: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access or token(viewer or self.life.viewer)}"}
        answer: dict[str, Any] = (await self.http.post("/graphql", json={"query": text, "variables": variables}, headers=headers)).json()
        return answer

    async def call(self, text: str, viewer: Viewer | None = None, **arguments: Any) -> dict[str, Any]:
        """Send a mutation and return its payload."""
        answer = await self.ask(text, viewer, input=arguments)
        assert "errors" not in answer, answer
        (payload,) = answer["data"].values()
        return dict(payload)

    async def link(self) -> str:
        """Make a link and return its URL."""
        payload = await self.call(CREATE)
        assert payload["userErrors"] == []
        return str(payload["customer"]["calendarUrl"])

    async def get(self, url: str, **headers: str) -> httpx.Response:
        return await self.http.get(url, headers=headers)

    async def events(self, url: str) -> dict[str, Event]:
        """Read the calendar as programs do: the events by their UIDs."""
        answer = await self.get(url)
        assert answer.status_code == 200, answer.text
        return events_of(answer.content)


def events_of(content: bytes) -> dict[str, Event]:
    """Return the events of a calendar that has no error which the library would otherwise skip."""
    calendar = Calendar.from_ical(content)
    assert calendar.errors == []
    events = list(calendar.events)
    assert [error for event in events for error in event.errors] == []
    by_uid = {str(event["UID"]): event for event in events}
    assert len(by_uid) == len(events)
    return by_uid


@pytest.fixture(scope="module")
def calendar_server(start_server: Callable[..., str], place: embedded.Urls) -> str:
    return start_server(place.app, merchant="Portico")


@pytest.fixture
async def feed(calendar_server: str, life: Life) -> AsyncIterator[Feed]:
    async with httpx.AsyncClient(base_url=calendar_server, timeout=20) as client:
        yield Feed(client, life)
