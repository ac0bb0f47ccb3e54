"""The root of live operations is the type `Live`; the type `Subscription` is what a customer subscribes to. Clients that know only an introspection know that too."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from graphql import build_client_schema, build_schema, get_introspection_query, print_schema

from tests.conftest import ADA, Post, needs, npm_packages, token

ROOTS = ["Query", "Mutation", "Live"]


@pytest.fixture(scope="module")
def seen(server: str, root: Path) -> Any:
    """What graphql-js and Graphcache make of the server."""
    project = npm_packages(root / "tests/clients/caches").parent
    text = json.dumps({"url": f"{server}/graphql", "token": token(ADA)})
    done = subprocess.run([needs("node"), "roots.mjs"], cwd=project, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "Graphcache warns of what it does not know"
    return json.loads(done.stdout)


async def test_graphql_core_prints_and_reads_the_roots_of_an_introspection(post: Post) -> None:
    introspected = (await post(get_introspection_query())).json()["data"]
    again = build_schema(print_schema(build_client_schema(introspected)))
    assert [kind.name for kind in (again.query_type, again.mutation_type, again.subscription_type) if kind] == ROOTS


def test_graphql_js_prints_and_reads_the_roots_of_an_introspection(seen: Any) -> None:
    assert seen["roots"] == ROOTS


def test_graphcache_with_the_introspected_schema_keeps_subscriptions_and_takes_messages(seen: Any) -> None:
    assert all(node["status"] for node in seen["network"]["customer"]["subscriptions"]["nodes"])
    assert len(seen["network"]["customer"]["subscriptions"]["nodes"]) > 0
    assert seen["cached"] == seen["after"] == seen["network"]
    assert seen["live"] == seen["network"]["customer"]
