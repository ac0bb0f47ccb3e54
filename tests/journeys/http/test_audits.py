"""The public audits of GraphQL over HTTP (https://github.com/graphql/graphql-http), against the real server."""

import json
import subprocess
from pathlib import Path

from tests.conftest import ADA, needs, token


def test_every_public_audit_of_graphql_over_http_is_passed(server: str, node: Path) -> None:
    command = [needs("node"), "audit.mjs", f"{server}/graphql", token(ADA)]
    report = subprocess.run(command, cwd=node, capture_output=True, text=True, timeout=60, check=True).stdout
    results = [json.loads(line) for line in report.splitlines()]
    assert len(results) == 61
    assert [result for result in results if result["status"] != "ok"] == []
