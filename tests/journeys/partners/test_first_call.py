"""docs/partners.md, done as it is written: from nothing to a first call."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import pytest

from db.builtin.embedded import Urls
from tests.conftest import ADA, needs
from tests.servers import preloaded

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
NAMED = re.compile(r"(?:#|//) (\S+\.(?:py|js))\n")
COMMAND = re.compile(r"^\$ (.*)$", re.M)


@dataclass
class Reader:
    """Who does what the page says, in a folder of their own."""

    root: Path
    folder: Path
    environment: dict[str, str]
    blocks: list[tuple[str, str]]

    def of(self, kind: str) -> list[str]:
        return [text for language, text in self.blocks if language == kind]

    def write(self, name: str) -> None:
        """The page's file of this name."""
        (text,) = [text for _, text in self.blocks if (match := NAMED.match(text)) and match[1] == name]
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def tried(self, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", "-euc", command], cwd=folder, env=self.environment, capture_output=True, text=True, timeout=120)

    def run(self, command: str, *, folder: Path | None = None) -> str:
        done = self.tried(command, folder or self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def operate(self, command: str) -> str:
        """The operator's commands are run where the gateway is."""
        words = shlex.split(Template(command).substitute(self.environment).replace("publish ", f"publish {self.folder}/"))
        assert words[0] == "./portico"
        done = preloaded.run(words[1:], cwd=self.root, env=self.environment, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def call(self, command: str) -> Any:
        """The invoices that come back, as soon as the server has heard of the document."""
        for _ in range(100):
            done = self.tried(command, self.folder)
            if "number" in done.stdout:
                break
            time.sleep(0.05)
        assert "number" in done.stdout, done.stdout + done.stderr
        body = json.loads(done.stdout.replace("'", '"'))
        return body.get("data", body)["customer"]["invoices"]["nodes"]


@pytest.fixture(scope="module")
def reader(root: Path, server: str, urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """With a manifest that is published, and a token."""
    needs("curl")
    needs("jq")
    page = (root / "docs/partners.md").read_text().replace("https://portal.example", server)
    settings = {"PORTICO_DATABASE_URL": urls.admin, "PORTICO_DATA_DIR": str(tmp_path_factory.mktemp("data")), "CUSTOMER": ADA.customer_id or ""}
    reader = Reader(root, tmp_path_factory.mktemp("acme"), os.environ | settings, BLOCK.findall(page))
    add, publish, *_ = [match[1] for text in reader.of("console") if (match := COMMAND.match(text))]
    made = reader.operate(add)
    reader.environment["SECRET"] = made.strip().rpartition(" ")[2]
    reader.run(reader.of("bash")[0])
    assert "1 document, 1 of them new or changed." in reader.operate(publish)
    reader.operate("./portico clients grant acme-books read --customer $CUSTOMER")
    reader.environment["TOKEN"] = reader.run(f"ID=\n{reader.of('bash')[1]}\necho; echo $TOKEN").split()[-1]
    return reader


def test_a_first_call_with_curl(reader: Reader) -> None:
    making, calling = reader.of("bash")
    assert len(reader.call(making + calling)) == 10


def test_a_first_call_with_pythons_gql(reader: Reader) -> None:
    reader.write("invoices.py")
    assert len(reader.call(f"{sys.executable} -W error invoices.py")) == 10


def test_a_first_call_with_apollo_client(reader: Reader, trusted_tools: Path) -> None:
    install(reader, trusted_tools)
    reader.write("src/invoices.js")
    reader.run("npx --no-install generate-persisted-query-manifest")
    reader.operate("./portico documents publish persisted-query-manifest.json --client acme-books")
    assert len(reader.call("node src/invoices.js")) == 10


def test_a_first_call_with_relay(reader: Reader, trusted_tools: Path) -> None:
    install(reader, trusted_tools)
    (reader.folder / "relay.config.json").write_text(reader.of("json")[0])
    (reader.folder / "schema.graphql").write_text((reader.root / "schema.graphql").read_text())
    (reader.folder / "persisted.json").write_text("{}")
    reader.write("src/documents.js")
    reader.write("src/call.js")
    reader.run("npx --no-install relay-compiler")
    reader.operate("./portico documents publish persisted.json --client acme-books")
    assert len(reader.call("node src/call.js")) == 10


def install(reader: Reader, tools: Path) -> None:
    """As npm would."""
    (reader.folder / "package.json").write_text('{ "type": "module" }')
    if not (reader.folder / "node_modules").exists():
        (reader.folder / "node_modules").symlink_to(tools / "node_modules")
