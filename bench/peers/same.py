"""The check before the measurements that all servers return the same page."""

import http.client
import json
from typing import Any

from bench.peers.contestants import Contestant
from bench.runner.processes import Running


class Different(Exception):
    """Two servers answer the same request differently, so that their speeds cannot be compared."""


def ask(running: Running, contestant: Contestant, token: str) -> Any:
    """Return the answer in Portico's form. Raises Different for an error."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **({"Content-Type": "application/json"} if contestant.body else {})}
        connection.request("POST" if contestant.body else "GET", running.path, contestant.body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status != 200 or b'"errors"' in text:
        raise Different(f"{contestant.name} answers {answer.status}: {text[:1500].decode(errors='replace')}")
    return contestant.normalised(json.loads(text))


def compare(servers: dict[Contestant, Running], tokens: dict[str, str]) -> int:
    """Compare the pages of all customers and return how many there are. Raises Different."""
    (first, running), *others = servers.items()
    for customer, token in tokens.items():
        expected = ask(running, first, token)
        for contestant, other in others:
            difference = _difference(contestant.compared(expected), ask(other, contestant, token), "")
            if difference:
                raise Different(f"{contestant.name} and {first.name} differ for {customer} at {difference}")
    return len(tokens)


def _difference(one: Any, other: Any, at: str) -> str:
    """Return the first difference of two answers as text; empty if they are equal. Members may be in any order, items may not."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return next((text for key in one if (text := _difference(one[key], other[key], f"{at}/{key}"))), "")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return next((text for nth, pair in enumerate(zip(one, other, strict=True)) if (text := _difference(*pair, f"{at}/{nth}"))), "")
    return "" if one == other and type(one) is type(other) else f"{at}: {json.dumps(one)[:300]} is not {json.dumps(other)[:300]}"
