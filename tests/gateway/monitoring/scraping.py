"""Scrapes of a running process, parsed by the parser of prometheus-client."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

SECRET = "Xk2vQ9mZr7TcW4bNf8LsHd3JpGy6Ea0U"


@dataclass(frozen=True)
class Scrape:
    """The samples of one scrape, by their names and labels."""

    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of this name that have these labels; 0 without one."""
        return sum(value for (sample, pairs), value in self.samples.items() if sample == name and labels.items() <= dict(pairs).items())

    def labels(self, name: str, label: str) -> set[str]:
        return {dict(pairs)[label] for sample, pairs in self.samples if sample == name}

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.samples}


def parsed(text: str) -> Scrape:
    return Scrape(
        {(sample.name, frozenset(sample.labels.items())): sample.value for family in text_string_to_metric_families(text) for sample in family.samples}
    )


async def scrape(port: int, secret: str | None = None) -> Scrape:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.get(f"http://127.0.0.1:{port}/metrics", headers=headers)
    assert response.status_code == 200, response.text
    return parsed(response.text)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def without_suffix(names: Iterable[str]) -> set[str]:
    """Return the names of families, from those of their samples."""
    return {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in names}
