"""The URL of a database is accepted as SQLAlchemy's parser accepts it, which takes long to import."""

import random
import re

import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.wiring.configuration.setting_values import PORT, PORTS, postgres_url

PARTS = ["://", ":", "@", "/", "?", "u", "p%40ss", "host", "[::1]", "5432", "005432", "0", "70000", "-1", "5432,5433", "port=", "&", "sslmode=require", " "]
SCHEMES = ["postgresql://", "postgres://", "mysql://", "postgresql+asyncpg://", ""]
RANDOM = random.Random(1)
URLS = [RANDOM.choice(SCHEMES) + "".join(RANDOM.choices(PARTS, k=RANDOM.randint(1, 9))) for _ in range(20_000)]


def expected(value: str) -> str | None:
    """Return the URL, or None for one that is refused."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        url = URL.create("unknown")
    if url.drivername not in ("postgresql", "postgres") or re.search(r"\s", value):
        return None
    named = url.query.get("port", ())
    ports = [str(url.port)] if url.port is not None else []
    ports += [port for text in ([named] if isinstance(named, str) else named) for port in text.split(",")]
    is_in_range = all(PORT.fullmatch(port) and int(port) in PORTS for port in ports)
    return value.replace("postgres://", "postgresql://", 1) if is_in_range else None


def accepted(value: str) -> str | None:
    try:
        return postgres_url(value)
    except ValueError:
        return None


def test_urls_are_accepted_as_by_sqlalchemy() -> None:
    answers = {url: accepted(url) for url in URLS}
    assert {url: answer for url, answer in answers.items() if answer != expected(url)} == {}
    assert sum(answer is not None for answer in answers.values()) > 1000


@pytest.mark.parametrize("value", ["postgresql://u:p@host:5432/db?sslmode=require", "postgres:///db", "postgresql://h1/db?host=h1,h2&port=5432,5433"])
def test_usual_urls_are_accepted(value: str) -> None:
    assert accepted(value) is not None
    assert accepted(value) == expected(value)
