"""The resident memory of a server process that has answered pages."""

import json
import sys
from pathlib import Path

import httpx

from bench.runner.portal import SUMMARY
from bench.runner.processes import Command, resident_mb, server
from db.builtin.embedded import Urls
from tests.conftest import ADA, ONE_CALLER, SECRET, token

MAX_MB = 120
REQUESTS = 400
# Mapped files are counted too: these are only loaded by processes that print papers, or that take a file that is neither PDF, PNG nor JPEG.
NOT_LOADED = ("_typst", "NotoSans")


def mapped_files(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")


async def test_a_process_that_has_answered_pages_has_120_mb(root: Path, urls: Urls, tmp_path: Path) -> None:
    settings = {"PORTICO_" + name.upper(): str(value) for name, value in (ONE_CALLER | {"sandbox": "true", "document_mode": "open"}).items()}
    environment = {"PORTICO_DATABASE_URL": urls.admin, "PORTICO_TOKEN_SECRET": SECRET, "PORTICO_DATA_DIR": str(tmp_path), "PORTICO_LOG_LEVEL": "WARNING"}
    with server(Command((sys.executable, "-m", "gateway", "serve", "--port", "0"), environment | settings, root)) as running:
        body = json.dumps({"query": SUMMARY, "operationName": "Summary"})
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.port}", timeout=60) as client:
            for _ in range(REQUESTS):
                headers = {"Authorization": f"Bearer {token(ADA)}", "Content-Type": "application/json"}
                answer = await client.post("/graphql", content=body, headers=headers)
                assert "activeSubscriptions" in answer.text
        mapped, megabytes = mapped_files(running.pid), resident_mb(running.pid)
    assert [name for name in NOT_LOADED if name in mapped] == []
    assert megabytes <= MAX_MB
