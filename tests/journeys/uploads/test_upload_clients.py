"""Other people's clients upload through a running server: Python's gql, Apollo on Node, a page in Chromium."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gql import Client, FileVar, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError

from tests.callers.posting import UPLOAD
from tests.conftest import ADA, copied_project, token
from tests.samples import jpeg, pdf, png
from tests.servers.browser import browser, headless_chromium

FILES = {"Übersicht für Müller \N{GRINNING FACE}.pdf": pdf(300_000), "100% 50%25 photo.jpg": jpeg(200_000), "scan.png": png(100_000)}
DIGESTS = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


def program(name: str) -> str:
    """Where a program is; the test is skipped without it, unless nothing may be skipped."""
    path = shutil.which(name)
    if path is None and os.environ.get("PORTICO_TEST_REQUIRE") == "all":
        pytest.fail(f"{name} is required here and not installed")
    if path is None:
        pytest.skip(f"needs {name}")
    return path


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in FILES]


def stored(payload: Any) -> dict[str, str]:
    """The digests of the files that are kept, by their names."""
    assert payload["userErrors"] == []
    return {attachment["fileName"]: attachment["sha256"] for attachment in payload["attachments"] if attachment["status"] == "STORED"}


async def test_pythons_gql_uploads(server: str, invoice: str, paths: list[Path]) -> None:
    sent = {"Authorization": f"Bearer {token(ADA)}", "GraphQL-Require-Preflight": "1"}
    async with Client(transport=AIOHTTPTransport(url=f"{server}/graphql", headers=sent)) as session:
        document = gql(UPLOAD)
        document.variable_values = {"input": {"parentId": invoice, "files": [FileVar(str(path)) for path in paths], "idempotencyKey": "by gql"}}
        answer = await session.execute(document, upload_files=True)
    assert stored(answer["uploadAttachments"]) == DIGESTS


NAMES = ["50%25.pdf", "%41.pdf", "a b.pdf", "\N{OLIVE}.pdf", "no extension", None]


@pytest.mark.parametrize("name", NAMES)
async def test_pythons_gql_streams_a_file_under_the_name_that_it_is_given(server: str, invoice: str, name: str | None) -> None:
    """What docs/attachments.md says: without `filename=` a stream is sent as a field, and that is refused with a sentence that names the part."""

    async def stream() -> AsyncIterator[bytes]:
        yield pdf()

    sent = {"Authorization": f"Bearer {token(ADA)}", "GraphQL-Require-Preflight": "1"}
    async with Client(transport=AIOHTTPTransport(url=f"{server}/graphql", headers=sent)) as session:
        document = gql(UPLOAD)
        document.variable_values = {"input": {"parentId": invoice, "files": [FileVar(stream(), filename=name)], "idempotencyKey": f"streamed {name}"}}
        if name is None:
            with pytest.raises(TransportQueryError, match="Part `0` has no file name"):
                await session.execute(document, upload_files=True)
            return
        answer = await session.execute(document, upload_files=True)
    assert list(stored(answer["uploadAttachments"])) == [name if name.endswith(".pdf") else f"{name}.pdf"]


async def test_apollo_uploads(server: str, invoice: str, paths: list[Path], root: Path, tmp_path: Path) -> None:
    folder = await asyncio.to_thread(copied_project, root / "tests/clients/apollo", tmp_path / "apollo")
    command = [program("node"), "upload.mjs", f"{server}/graphql", token(ADA), invoice, *map(str, paths)]
    done = await asyncio.to_thread(subprocess.run, command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert stored(json.loads(done.stdout)) == DIGESTS


PAGE = """document.body.innerHTML = '<input id=files type=file multiple><button>Upload</button>'; document.querySelector('button').onclick = () => {
  window.answer = (async () => {
    const files = [...document.querySelector('#files').files], body = new FormData();
    const input = { parentId: PARENT, files: files.map(() => null), idempotencyKey: crypto.randomUUID() };
    body.append('operations', JSON.stringify({ query: QUERY, variables: { input } }));
    body.append('map', JSON.stringify(Object.fromEntries(files.map((_, n) => [n, [`variables.input.files.${n}`]]))));
    files.forEach((file, n) => body.append(n, file));
    const answer = await fetch('/graphql', { method: 'POST', body, headers: { Authorization: `Bearer ${TOKEN}`, 'GraphQL-Require-Preflight': '1' } });
    return (await answer.json()).data.uploadAttachments;
  })();
};"""


async def test_a_page_in_chromium_uploads_what_is_picked_and_downloads_the_same_bytes(server: str, invoice: str, paths: list[Path], tmp_path: Path) -> None:
    payload = await asyncio.to_thread(_journey, headless_chromium(), server, invoice, paths, tmp_path)
    assert stored(payload) == DIGESTS
    assert {path.name: path.read_bytes() for path in (tmp_path / "downloads").iterdir()} == FILES


def _journey(chromium: str, server: str, invoice: str, paths: list[Path], folder: Path) -> Any:
    """Pick the files, upload them, and open the address of each. Gives the payload."""
    with browser(chromium, folder) as page:
        page.open(f"{server}/livez")
        page.run(f"var PARENT = {json.dumps(invoice)}, QUERY = {json.dumps(UPLOAD)}, TOKEN = {json.dumps(token(ADA))}; {PAGE}")
        page.pick("#files", *paths)
        page.run("document.querySelector('button').click()")
        payload = page.run("window.answer")
        for attachment in payload["attachments"]:
            page.run(f"location.href = {json.dumps(attachment['downloadUrl'])}; 1")
            page.run("new Promise(done => setTimeout(done, 300))")
        for _ in range(50):
            if {path.name for path in (folder / "downloads").glob("*")} == set(FILES):
                break
            page.run("new Promise(done => setTimeout(done, 100))")
    return payload
