"""A new build of the portal's sources gives the committed files. It needs Node.js and npm."""

import json
import shutil
import subprocess
from pathlib import Path

from gateway.routes.portal import DIST
from tests.conftest import needs, npm_packages

GENERATED = "src/api/__generated__/graphql.ts"


def manifest(dist: Path) -> dict[str, str]:
    """The hashes of the files. Those that are compressed differ from one version of Node.js to another."""
    hashes = json.loads((dist / "manifest.json").read_text())
    return {name: value for name, value in hashes.items() if not name.endswith((".br", ".gz"))}


def test_a_new_build_gives_the_same_files(root: Path, tmp_path: Path) -> None:
    packages = npm_packages(root / "portal")
    shutil.copytree(root / "portal", tmp_path / "portal", ignore=shutil.ignore_patterns("node_modules", "dist"))
    (tmp_path / "portal/node_modules").symlink_to(packages)
    shutil.copytree(root / "schema/documents", tmp_path / "schema/documents")
    shutil.copy(root / "schema.graphql", tmp_path)
    for script in ("generate", "check", "build"):
        subprocess.run([needs("npm"), "run", "--silent", script], cwd=tmp_path / "portal", check=True, timeout=300, capture_output=True)
    assert (tmp_path / "portal" / GENERATED).read_text() == (root / "portal" / GENERATED).read_text()
    assert manifest(tmp_path / "portal/dist") == manifest(DIST)
