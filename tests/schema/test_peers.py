"""The servers that the benchmark compares with Portico answer the portal's Summary page as it is now."""

import subprocess
import sys
from pathlib import Path

from graphql import build_schema, parse, validate

from bench.peers.contestants import FOLDER
from bench.runner.portal import SUMMARY

PRINT = "from bench.peers.strawberry.server import make_schema; print(make_schema())"


def test_the_schema_of_the_peers_has_all_fields_of_the_page() -> None:
    assert validate(build_schema((FOLDER / "summary.graphql").read_text(encoding="utf-8")), parse(SUMMARY)) == []


def test_the_peer_in_strawberry_has_all_fields_of_the_page(root: Path) -> None:
    """In a process of its own, because it gives Portico's enums other descriptions."""
    printed = subprocess.run([sys.executable, "-c", PRINT], cwd=root, capture_output=True, text=True, check=True).stdout
    assert validate(build_schema(printed), parse(SUMMARY)) == []
