"""Families of attacks: documents made to be expensive. Refusing them is cheap, and others are answered meanwhile."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import httpx
import pytest
from graphql import GraphQLSchema, parse

from db.builtin.embedded import Urls
from gateway.documents.document_cache import DocumentCache
from gateway.documents.limits import DocumentLimits, weigh
from tests.conftest import ADA, BIG, token
from tests.servers.processes import process

LIMITS = DocumentLimits()
ROOM = {name: 10**9 for name in ("document_bytes", "tokens", "depth", "aliases", "root_fields", "mutation_fields", "directives", "fields", "cost")}


# About 50 ms of a slow processor. Calls are counted, and time is not: it would depend on what else the machine does. `python -m bench.attacks` measures it.
MOST_CALLS = 250_000


def calls_of(work: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called by `work`."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.fixture
def documents(graphql_schema: GraphQLSchema) -> DocumentCache:
    return DocumentCache(graphql_schema, None)


def many(count: int, text: Callable[[int], str], separator: str = " ") -> str:
    return separator.join(text(number) for number in range(count))


def fragments(count: int, on: str, body: Callable[[int], str]) -> str:
    """A chain: each fragment may spread the next; the last one ends it."""
    return many(count, lambda n: f"fragment F{n} on {on}{{{body(n)}}}") + f" fragment F{count} on {on}{{id}}"


# Families of attacks, each with a size that grows as far as bytes and tokens allow.
FAMILIES: dict[str, Callable[[int], str]] = {
    "fragment doubling": lambda n: "{customer{...F0}}" + fragments(n, "Customer", lambda i: f"...F{i + 1} ...F{i + 1}"),
    "fragment doubling a level deeper each time": lambda n: (
        "{customer{...F0}}"
        + fragments(n, "Customer", lambda i: f"a:subscriptions{{nodes{{customer{{...F{i + 1}}}}}}} b:subscriptions{{nodes{{customer{{...F{i + 1}}}}}}}")
    ),
    "alias doubling": lambda n: "{customer{...F0}}" + fragments(n, "Customer", lambda i: f"a{i}:summary{{__typename}} b{i}:summary{{__typename}} ...F{i + 1}"),
    "a circle of fragments": lambda n: (
        "{customer{...F0}}" + many(n, lambda i: f"fragment F{i} on Customer{{subscriptions{{nodes{{customer{{...F{(i + 1) % n}}}}}}}}}")
    ),
    "aliases": lambda n: "{" + many(n, lambda i: f"a{i}:customer{{id}}") + "}",
    "wide overlaps": lambda n: "{customer{" + "id " * n + "}}",
    "wide overlaps of objects": lambda n: "{" + "customer{id name email} " * n + "}",
    "overlaps in fragments": lambda n: "{customer{" + many(n, lambda i: f"...F{i}") + "}}" + many(n, lambda i: f"fragment F{i} on Customer{{id}}"),
    "overlaps in a fragment that nobody uses": lambda n: "{__typename} fragment A on Customer{" + "id " * n + "}",
    "overlaps below overlaps": lambda n: "{" + "customer{summary{activeSubscriptions activeSchedules}} " * n + "}",
    "deep selections": lambda n: "{" + "customer{subscriptions{nodes{" * n + "id" + "}}}" * n + "}",
    "deep lists": lambda n: "{nodes(ids:" + "[" * n + "]" * n + "){id}}",
    "deep objects": lambda n: "{customers(search:" + "{a:" * n + "1" + "}" * n + "){totalCount}}",
    "deep types": lambda n: "query($a:" + "[" * n + "Int" + "]" * n + "){__typename}",
    "directive spam": lambda n: "{__typename" + " @include(if:true)" * n + "}",
    "directive spam of no such directive": lambda n: "{__typename" + " @a" * n + "}",
    "a huge number": lambda n: "{customer{payments(first:" + "9" * (n * 30) + "){totalCount}}}",
    "a huge string": lambda n: '{node(id:"' + "x" * (n * 30) + '"){id}} {',
    "a huge block string": lambda n: '{node(id:"""' + "\n x" * (n * 10) + '"""){id}} {',
    "huge comments": lambda n: "#" + "x" * (n * 30) + "\n{",
    "many comments": lambda n: "#\n" * (n * 10) + "{",
    "a huge name": lambda n: "{" + "x" * (n * 30) + "}",
    "unknown fields": lambda n: "{customer{" + many(n, lambda i: f"subscription{i}") + "}}",
    "10,000 variables": lambda n: "query(" + many(n * 5, lambda i: f"$v{i}:Int") + "){__typename}",
    "operations": lambda n: many(n, lambda i: f"query Q{i}{{nothing}}"),
    "operations over a chain of fragments": lambda n: (
        many(n // 2, lambda i: f"query Q{i}{{customer{{...F0}}}}") + fragments(n // 2, "Customer", lambda i: f"...F{i + 1}")
    ),
    "circular introspection": lambda n: "{__schema{types{" + "fields{type{" * n + "name" + "}}" * n + "}}}",
    "introspection again and again": lambda n: "{" + many(n, lambda i: f"a{i}:__schema{{types{{fields{{args{{name}}}}}}}}") + "}",
    "pages of pages": lambda n: "{customer{" + many(n, lambda i: f"a{i}:subscriptions(first:100){{nodes{{invoices(first:100){{nodes{{id}}}}}}}}") + "}}",
}


@pytest.mark.parametrize("size", [50, 400, 2000])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_attacks_is_refused_with_little_work(documents: DocumentCache, family: str, size: int) -> None:
    text = FAMILIES[family](size)
    document = documents.prepare(text)
    # What is not refused has to be harmless: it costs little to run.
    if not document.errors:
        assert size == 50 or family in ("fragment doubling", "huge comments", "overlaps in a fragment that nobody uses")
    assert calls_of(lambda: documents.prepare(text + " ")) < MOST_CALLS


def test_fragments_that_double_nothing_but_themselves_cost_what_they_ask_for(documents: DocumentCache) -> None:
    document = documents.prepare(FAMILIES["fragment doubling"](40))
    assert documents.cost(document, document.operations[None], {}) == 1


def test_what_nothing_reaches_is_weighed_too_for_it_would_be_validated(documents: DocumentCache) -> None:
    assert documents.prepare("{ __typename } fragment A on Customer {" + "id " * 60 + "}").error_code == "LIMIT_EXCEEDED"


def test_a_walk_visits_no_more_than_the_limit_of_fields_however_they_multiply(graphql_schema: GraphQLSchema) -> None:
    """With every other limit out of the way, doubling at each of forty levels still ends at once."""
    body = "customer{subscriptions{nodes{customer{...F%d}}} payments{nodes{customer{...F%d}}}}"
    text = "{customer{...F0}}" + fragments(40, "Customer", lambda i: (body % (i + 1, i + 1)).removeprefix("customer{").removesuffix("}"))
    ast = parse(text)
    limits = replace(LIMITS, **(ROOM | {"fields": 2500, "depth": 500}))

    def refused() -> None:
        with pytest.raises(Exception, match="too many fields"):
            weigh(graphql_schema, ast, limits, {})

    assert calls_of(refused) < MOST_CALLS


async def test_under_attack_others_are_answered_as_ever(root: Path, urls: Urls, tmp_path: Path) -> None:
    """The lag that a second client sees while the families come in, one after the other, as fast as they are refused. The best of a few rounds: this machine has other work too."""
    texts = [FAMILIES[family](size) for family in FAMILIES for size in (400, 2000)]
    with process(root, urls, tmp_path) as (_, url):
        lags = [await lag_under(url, texts, turn) for turn in range(3)]
    # Without the limits it is many seconds; a bound that a busy machine keeps.
    assert min(lags) < 1, lags


async def lag_under(url: str, texts: list[str], turn: int) -> float:
    """Seconds that nineteen of twenty answers take at most. Each text is new to the server."""
    async with httpx.AsyncClient(base_url=url, timeout=20) as hostile, httpx.AsyncClient(base_url=url, timeout=20) as friendly:
        lags: list[float] = []

        async def attack() -> None:
            for number, text in enumerate(texts):
                body = json.dumps({"query": text + " " * turn, "variables": {f"v{n}": n for n in range(10_000 if number % 10 == 0 else 1)}})
                answer = await hostile.post("/graphql", content=body, headers={"Content-Type": "application/json", "Authorization": f"Bearer {token(BIG)}"})
                assert answer.status_code < 500, text[:100]

        async def ask() -> None:
            while not attacked.done():
                began = perf_counter()
                answer = await friendly.post("/graphql", json={"query": "{ customer { name } }"}, headers={"Authorization": f"Bearer {token(ADA)}"})
                lags.append(perf_counter() - began)
                assert answer.json() == {"data": {"customer": {"name": "Ada Lovelace"}}}
                await asyncio.sleep(0.005)

        attacked = asyncio.create_task(attack())
        await ask()
        await attacked
    lags.sort()
    return lags[int(len(lags) * 0.95)]
