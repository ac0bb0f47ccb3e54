"""Other people's tools make manifests, and other people's clients call by what stands in them."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from graphql import GraphQLSchema

from db.builtin.embedded import Urls
from gateway.documents.document_cache import digest
from gateway.wiring.configuration.settings import Settings
from resolvers.documents import manifests
from tests.conftest import ADA, STAFF, needs, token

TOOLS = {
    "apollo": ("generate-persisted-query-manifest", "--config", "manifest.config.json"),
    "codegen": ("graphql-codegen", "--config", "codegen.json"),
    "relay": ("relay-compiler", "relay.config.json"),
}
MADE = {"apollo": "out/apollo.json", "codegen": "codegen/generated/persisted-documents.json", "relay": "out/relay.json"}


@pytest.fixture(scope="session")
def trusted(root: Path, trusted_tools: Path) -> Path:
    """A project whose documents the three tools have read."""
    shutil.copy(root / "schema.graphql", trusted_tools)
    for made in ("out", "relay/__generated__"):
        (trusted_tools / made).mkdir()
    (trusted_tools / "out/relay.json").write_text("{}")
    for program, *arguments in TOOLS.values():
        done = subprocess.run([trusted_tools / "node_modules/.bin" / program, *arguments], cwd=trusted_tools, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    return trusted_tools


@pytest.fixture(scope="session")
async def published(server: str, trusted: Path, urls: Urls) -> dict[str, list[manifests.Entry]]:
    """What the tools made, published for an app of ours by staff."""
    admin = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    client = "shop-" + uuid4().hex[:12]
    await admin.execute("insert into api_client values ($1, 'FIRST_PARTY', 'Shop', '', 'REQUIRED', '{}', 1000, now(), null)", client)
    await admin.close()
    text = "mutation ($input: PublishDocumentsInput!) { publishDocuments(input: $input) { publication { total added } userErrors { message } } }"
    entries: dict[str, list[manifests.Entry]] = {}
    async with httpx.AsyncClient(base_url=server, timeout=20) as http:
        for tool, path in MADE.items():
            manifest = (trusted / path).read_text()
            entries[tool] = manifests.read(manifest)
            body = {"query": text, "variables": {"input": {"clientId": client, "manifest": manifest}}}
            answer = (await http.post("/graphql", json=body, headers={"Authorization": f"Bearer {token(STAFF)}"})).json()
            assert answer["data"]["publishDocuments"]["publication"] == {"total": len(entries[tool]), "added": len(entries[tool])}
        last = entries["relay"][-1].id
        for _ in range(100):
            if "PERSISTED_DOCUMENT_NOT_FOUND" not in (await post(http, documentId=last)).text:
                break
            await asyncio.sleep(0.02)
    return entries


async def post(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post("/graphql", json=body, headers={"Authorization": f"Bearer {token(ADA)}"})


@pytest.mark.parametrize("tool", TOOLS)
async def test_every_id_of_a_real_tools_manifest_runs(http: httpx.AsyncClient, published: dict[str, list[manifests.Entry]], tool: str) -> None:
    assert len(published[tool]) == 2
    for entry in published[tool]:
        answer = (await post(http, documentId=entry.id, variables={"first": 2, "id": "x"})).json()
        assert "errors" not in answer, answer


@pytest.mark.usefixtures("published")
async def test_apollos_persisted_query_link_calls_by_hash_by_post_and_by_get(server: str, trusted: Path) -> None:
    result = await called("apollo", server, trusted)
    assert result["answer"] == [3, 3]
    assert [sent["method"] for sent in result["sent"]] == ["POST", "GET"], "no text had to be sent after all"
    assert "query" not in result["sent"][0]["body"]


@pytest.mark.usefixtures("published")
async def test_relays_network_layer_calls_by_id(start_server: Any, urls: Urls, trusted: Path) -> None:
    url = start_server(urls.app, document_id_keys=("doc_id",), document_mode="required")
    result = await called("relay", url, trusted)
    assert result["answer"]["customer"]["summary"]["activeSubscriptions"] >= 1
    assert list(result["sent"][0]["body"]) == ["doc_id", "variables"]


async def called(client: str, server: str, folder: Path) -> Any:
    command = [needs("node"), "call.mjs", client, f"{server}/graphql", token(ADA)]
    done = await asyncio.to_thread(subprocess.run, command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def many(count: int) -> list[manifests.Entry]:
    texts = [f"query Q{number}($first: Int) {{ customer {{ id name invoices(first: $first) {{ nodes {{ id number status }} }} }} }}" for number in range(count)]
    return manifests.read(json.dumps({manifests.id_of(text): text for text in texts}))


LOADING = """
import asyncio, sys, time, tracemalloc
import asyncpg
from billing.rows.partners import ApiClient, PersistedTextRow
from db.blocks import blocks
from gateway.documents.registry import Registry

async def load(url):
    connection = await asyncpg.connect(url, server_settings={"search_path": "portico"})
    registry = Registry({}, "required")
    tracemalloc.start()
    began = time.perf_counter()
    clients = [ApiClient(*record) for record in await connection.fetch(blocks()["clients.all"].sql)]
    texts = [PersistedTextRow(*record) for record in await connection.fetch(blocks()["trusted.texts"].sql)]
    registry.replace(clients, texts)
    seconds = time.perf_counter() - began
    count = len(texts)
    del clients, texts
    print(count, seconds, tracemalloc.get_traced_memory()[0])
    await connection.close()

asyncio.run(load(sys.argv[1]))
"""


async def test_ten_thousand_documents_are_loaded_in_seconds_and_cost_little_memory(
    admin: asyncpg.Connection, urls: Urls, root: Path, graphql_schema: GraphQLSchema
) -> None:
    """In a process of its own: in this one many servers hear of the documents too, which by their digest they need not judge again."""
    client = "many-" + uuid4().hex[:12]
    await admin.execute("insert into api_client values ($1, 'PARTNER', 'Many', '', 'REQUIRED', '{}', 1000, now(), null)", client)
    entries = many(10_000)
    await admin.execute(
        "insert into stored_document (client_id, id, body, names, cost, version, published_at, fits) "
        "select $1, p.id, p.body, '{}', 1, 1, now(), $4 from unnest($2::text[], $3::text[]) p(id, body)",
        client,
        [entry.id for entry in entries],
        [entry.body for entry in entries],
        digest(graphql_schema, Settings().limits),
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", LOADING, urls.admin, cwd=root, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    await admin.execute("delete from stored_document where client_id = $1", client)
    count, seconds, held = (float(word) for word in output.split())
    assert count >= 10_000
    assert seconds < 10
    assert held < 50 * 1024**2


def test_one_bad_hash_among_ten_thousand_is_found() -> None:
    from billing.refusals import Refused

    entries = {entry.id: entry.body for entry in many(10_000)}
    wrong = list(entries)[5000]
    entries[wrong] += " "
    with pytest.raises(Refused, match=f"{wrong} is not the hash of its text. Nothing was published."):
        manifests.read(json.dumps(entries))


def test_md5_and_sha1_are_other_names_for_a_text() -> None:
    import hashlib

    text = "{ viewer { kind } }"
    for algorithm in ("md5", "sha1"):
        name = hashlib.new(algorithm, text.encode()).hexdigest()
        assert manifests.read(json.dumps({name: text})) == [manifests.Entry(manifests.id_of(text), name, text)]
