"""Before anything is timed: everybody gives the same page."""

import http.client
import json
from typing import Any

from bench.peers.contestants import Contestant
from bench.runner.processes import Running


class Different(Exception):
    """Two servers answer the same question differently; their speeds cannot be compared."""


def ask(found: Running, contestant: Contestant, token: str) -> Any:
    """The answer as Portico would give it."""
    connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **({"Content-Type": "application/json"} if contestant.body else {})}
        connection.request("POST" if contestant.body else "GET", found.path, contestant.body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status != 200 or b'"errors"' in text:
        raise Different(f"{contestant.name} answers {answer.status}: {text[:1500].decode(errors='replace')}")
    return contestant.normalised(json.loads(text))


def compare(servers: dict[Contestant, Running], tokens: dict[str, str]) -> int:
    """How many customers' pages were compared. Raises Different."""
    (first, running), *others = servers.items()
    for customer, token in tokens.items():
        wanted = ask(running, first, token)
        for contestant, found in others:
            difference = _difference(contestant.compared(wanted), ask(found, contestant, token), "")
            if difference:
                raise Different(f"{contestant.name} and {first.name} differ for {customer} at {difference}")
    return len(tokens)


def _difference(one: Any, other: Any, at: str) -> str:
    """Where two answers first differ, in words; nothing where they are equal. Members may come in any order, items may not."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return next((found for key in one if (found := _difference(one[key], other[key], f"{at}/{key}"))), "")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return next((found for nth, pair in enumerate(zip(one, other, strict=True)) if (found := _difference(*pair, f"{at}/{nth}"))), "")
    return "" if one == other and type(one) is type(other) else f"{at}: {json.dumps(one)[:300]} is not {json.dumps(other)[:300]}"
