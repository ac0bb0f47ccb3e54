"""The command line of the registry, as an operator and a build meet it."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from db.builtin.embedded import Urls
from gateway.cli.main import cli
from gateway.wiring.configuration.settings import WrongSetting
from tests.conftest import ADA

NAME = "query CliName { customer { name } }"


@pytest.fixture
def environment(urls: Urls, tmp_path: Path) -> dict[str, str]:
    return {"PORTICO_DATABASE_URL": urls.admin, "PORTICO_DATA_DIR": str(tmp_path)}


def run(_: Path, *arguments: str, **environment: str) -> Result:
    """In this process: a new one for each of so many commands takes minutes."""
    return CliRunner().invoke(cli, arguments, env=environment)


def manifest(path: Path, *texts: str) -> str:
    path.write_text(json.dumps({"sha256:" + hashlib.sha256(text.encode()).hexdigest(): text for text in texts}))
    return str(path)


def test_an_app_is_registered_its_documents_published_checked_and_retired(root: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    client = "cli-" + uuid4().hex[:12]
    made = run(root, "clients", "add", client, "--name", "Books", "--scope", "read", **environment)
    assert "is not shown again: " in made.stdout
    changed = run(root, "clients", "add", client, "--name", "Acme Books", "--units", "5", **environment)
    assert changed.stdout == f"{client} is registered.\n", "a change leaves the secret as it is"
    assert "is not shown again: " in run(root, "clients", "add", client, "--name", "Books", "--new-secret", **environment).stdout
    path = manifest(tmp_path / "manifest.json", NAME)
    assert "1 document, 1 of them new" in run(root, "documents", "publish", path, "--client", client, **environment).stdout
    assert "1 document, 0 of them new" in run(root, "documents", "publish", path, "--client", client, **environment).stdout
    identifier = next(iter(json.loads(Path(path).read_text())))
    assert identifier in run(root, "documents", "list", "--client", client, **environment).stdout
    assert "CliName" in run(root, "documents", "stats", "--client", client, **environment).stdout
    assert client in run(root, "clients", "list", **environment).stdout
    assert f"lets {client} act for" in run(root, "clients", "grant", client, "read", "--customer", ADA.customer_id or "", **environment).stdout
    assert run(root, "documents", "check", "--manifest", path, **environment).exit_code == 0
    # Other tests publish to this database too, and some of theirs are broken.
    assert client not in run(root, "documents", "check", **environment).stdout
    without = tmp_path / "without.graphql"
    without.write_text((root / "schema.graphql").read_text().replace("  name: String!\n", "  called: String!\n"))
    checked = run(root, "documents", "check", "--schema", str(without), **environment)
    assert checked.exit_code == 1
    assert f"{client} CliName {identifier}: Cannot query field 'name' on type 'Customer'." in checked.stdout
    assert run(root, "documents", "check", "--schema", str(without), "--manifest", path, **environment).exit_code == 1
    tight = run(root, "documents", "check", **environment, PORTICO_MAX_DEPTH="1")
    assert (tight.exit_code, f"{client} CliName {identifier}: The document is too deep; at most 1." in tight.stdout) == (1, True)
    for arguments, says in (
        ((), "1 of 1 documents deprecated."),
        (("--reason", "Use another."), "1 of 1"),
        (("--back",), "1 of 1 documents deprecated no longer."),
    ):
        assert says in run(root, "documents", "deprecate", identifier, identifier, "--client", client, *arguments, **environment).stdout
        assert ("Use another." in run(root, "documents", "list", "--client", client, **environment).stdout) is ("--reason" in arguments)
    assert run(root, "documents", "deprecate", "sha256:x", "--client", client, **environment).exit_code == 1
    assert run(root, "documents", "retire", identifier, "--client", client, **environment).exit_code == 0
    assert run(root, "documents", "retire", identifier, "--client", client, **environment).exit_code == 1
    assert f"{client} is disabled." in run(root, "clients", "disable", client, **environment).stdout


def test_what_cannot_be_published_is_one_line(root: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"sha256:" + "0" * 64: NAME}))
    lasting = "cli-" + uuid4().hex[:12]
    environment["PORTICO_ISSUERS"] = json.dumps([{"name": "https://a", "audience": "b", "jwks_url": "https://a/k"}])
    run(root, "clients", "add", lasting, "--name", "Books", **environment)
    broken = manifest(tmp_path / "broken.json", "query Broken { nothing }")
    for arguments, says in (
        (["documents", "publish", str(wrong), "--client", "portal"], "is not the hash of its text. Nothing was published."),
        (["documents", "publish", broken, "--client", "portal"], "Broken: Cannot query field 'nothing'"),
        (["documents", "publish", manifest(tmp_path / "good.json", NAME), "--client", "nobody"], "There is no such client."),
        (["documents", "publish", str(tmp_path / "missing.json"), "--client", "portal"], "cannot be read"),
        (["clients", "add", "Wrong Name", "--name", "x"], "small letters"),
        (["clients", "add", "partner-x", "--name", "x", "--mode", "open"], "A partner's app is always required: leave --mode out."),
        (["clients", "add", "app-x", "--name", "x", "--first-party", "--mode", "shut"], "shut is no mode; modes are open, log, prefer, required."),
        (["clients", "add", "partner-x", "--name", "x", "--scope", "portal"], "portal is no scope of a partner's app. Scopes are"),
        (["clients", "add", "partner-x", "--name", "x", "--public-key", str(wrong)], "is not the public half"),
        (["clients", "add", "portal", "--name", "x", "--first-party", "--new-secret"], "has no secret"),
        (["clients", "add", "portal", "--name", "x"], "portal and portal-staff are ours"),
        (["clients", "add", "portal-staff", "--name", "x"], "portal and portal-staff are ours"),
        (["clients", "add", "app-x", "--name", "x", "--issuer", "https://login.example.com"], "PORTICO_ISSUERS has no issuer of this name"),
        (["clients", "add", "app-x", "--name", "x", "--issuer-client-id", "0oa1"], "Name the issuer"),
        (["clients", "add", "app-x", "--name", "x", "--issuer", "https://a", "--new-secret"], "has no secret"),
        (["clients", "disable", "nobody"], "There is no client nobody"),
        (["clients", "grant", "nobody", "read", "--customer", "cus_x"], "There is no partner nobody"),
        (["clients", "grant", lasting, "read", "--customer", "cus_nobody"], "There is no customer cus_nobody."),
        (["documents", "deprecate", "x", "--client", "portal", "--reason", "x" * 501], "A reason has at most 500 characters."),
        (["documents", "check", "--schema", str(wrong)], "is not a schema"),
    ):
        ended = run(root, *arguments, **environment)
        assert isinstance(ended.exception, WrongSetting), arguments
        assert says in str(ended.exception)
        assert "\n" not in str(ended.exception)


def test_an_app_is_registered_for_one_issuer_and_the_name_that_it_has_there(root: Path, environment: dict[str, str]) -> None:
    issuers = [{"name": name, "audience": "b", "jwks_url": "https://a/k"} for name in ("https://a", "https://b")]
    environment["PORTICO_ISSUERS"] = json.dumps(issuers)
    one, two, theirs = (f"cli-{uuid4().hex[:12]}", f"cli-{uuid4().hex[:12]}", f"0oa {uuid4().hex} [/x]")
    add = ("--name", "Tool", "--issuer", "https://a")
    assert run(root, "clients", "add", one, *add, "--issuer-client-id", theirs, **environment).stdout == f"{one} is registered.\n", "it needs no secret"
    listed = run(root, "clients", "list", **environment).stdout
    assert one in listed
    assert theirs in listed
    taken = run(root, "clients", "add", two, *add, "--issuer-client-id", theirs, **environment)
    assert f"The client {one} already uses this issuer" in str(taken.exception)
    assert two not in run(root, "clients", "list", **environment).stdout
    for more in (("--issuer", "https://b", "--issuer-client-id", theirs), ("--issuer", "https://a"), ()):
        assert run(root, "clients", "add", two, "--name", "Tool", *more, **environment).exit_code == 0, more
    assert "is not shown again" in run(root, "clients", "add", two, "--name", "Tool", "--new-secret", **environment).stdout


def test_a_disabled_app_stays_so_until_it_is_enabled(root: Path, environment: dict[str, str]) -> None:
    for more in ((), ("--first-party", "--mode", "open")):
        app = f"cli-{uuid4().hex[:12]}"
        add = ("clients", "add", app, "--name", "App", *more)
        assert run(root, *add, **environment).stdout.startswith(f"{app} is registered.\n")
        assert run(root, "clients", "disable", app, **environment).stdout == f"{app} is disabled. Its tokens stop working now.\n"
        assert run(root, *add, **environment).stdout == f"{app} is registered. It is disabled: `clients enable {app}` enables it.\n"
        assert run(root, "clients", "enable", app, **environment).stdout == f"{app} is enabled. Its tokens work again.\n"
        assert run(root, *add, **environment).stdout == f"{app} is registered.\n"
        run(root, "clients", "disable", app, **environment)
        assert "is enabled" in run(root, "clients", "disable", app, "--back", **environment).stdout, "as it was written before"
    refused = run(root, "clients", "enable", "nobody", **environment)
    assert str(refused.exception) == "There is no client nobody."
    for own in ("portal", "portal-staff"):
        assert "are ours" in str(run(root, "clients", "disable", own, **environment).exception)


def test_a_sunset_is_a_day_to_come(root: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    client, text = "cli-" + uuid4().hex[:12], "query Sunset { customer { id } }"
    run(root, "clients", "add", client, "--name", "Books", **environment)
    path = manifest(tmp_path / "manifest.json", text)
    run(root, "documents", "publish", path, "--client", client, **environment)
    (identifier,) = json.loads(Path(path).read_text())
    deprecate = ("documents", "deprecate", identifier, "--client", client)
    assert str(run(root, *deprecate, "--sunset", "2020-01-01", **environment).exception) == "A sunset lies in the future."
    assert run(root, *deprecate, "--sunset", "next March", **environment).exit_code == 2
    assert "2027-" not in run(root, "documents", "list", "--client", client, **environment).stdout, "nothing was written"
    assert run(root, *deprecate, "--reason", "Use 2.", "--sunset", "2999-03-31", **environment).stdout == "1 of 1 documents deprecated.\n"
    assert "2999-03-31 00:00" in run(root, "documents", "list", "--client", client, **environment).stdout
    run(root, *deprecate, "--back", **environment)
    assert "2999-03-31" not in run(root, "documents", "list", "--client", client, **environment).stdout


def test_many_documents_are_judged_on_all_processors_and_one_that_is_broken_is_named(root: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    texts = [f"query Many{number} {{ customer {{ name }} }}" for number in range(1500)]
    texts[1200] = "query Broken { customer { nothing } }"
    path = manifest(tmp_path / "many.json", *texts)
    command = [sys.executable, "-m", "gateway", "documents", "publish", path, "--client", "portal"]
    ended = subprocess.run(command, cwd=root, env=os.environ | environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert "Broken: Cannot query field 'nothing' on type 'Customer'. Nothing was published." in ended.stdout + ended.stderr


def test_two_schemas_are_compared(root: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.graphql", tmp_path / "new.graphql"
    old.write_text("type Query { a: Int b(x: Int): E } enum E { ONE }")
    new.write_text("type Query { b(x: Int, y: Int): E c: Int } enum E { ONE TWO }")
    result = run(root, "schema", "diff", str(old), str(new))
    assert result.exit_code == 1
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["BREAKING", "DANGEROUS", "DANGEROUS", "SAFE"]
    assert "Query.a was removed" in result.stdout
    same = run(root, "schema", "diff", str(old), str(old))
    assert (same.exit_code, same.stdout) == (0, "")
