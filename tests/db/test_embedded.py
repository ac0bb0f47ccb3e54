"""The built-in Postgres starts under any name, ends with its last user, and says in one line why it does not start."""

import asyncio
import os
import shutil
import signal
import socket
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import asyncpg
import pytest

from db.builtin import embedded, postmaster
from db.builtin.embedded import EmbeddedPostgresFailed

USE = """
import sys
from pathlib import Path
from db.builtin.embedded import running
with running(Path(sys.argv[1])) as urls:
    print(urls.admin, flush=True)
    sys.stdin.read()
"""
NAMES = {
    "a space": "My Projects",
    "umlauts": "Büro daten ö",
    "150 characters": "x" * 150,
    "every punctuation": "a" + string.punctuation.replace("/", "") + " b",
    "other scripts": "田中 الصباح",
    "bytes that are not UTF-8": os.fsdecode(b"caf\xe9"),
}


async def _answer(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("select 42"))
    finally:
        await connection.close()


def answers(url: str) -> bool:
    return asyncio.run(_answer(url)) == 42


def is_running(data: Path) -> bool:
    return (data / "postmaster.pid").exists()


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Not under pytest's folder, whose path is long already."""
    with tempfile.TemporaryDirectory(prefix="portico-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def made(place: Path) -> Path:
    """A data directory that every test starts and leaves stopped."""
    with embedded.running(place / "data"):
        pass
    return place / "data"


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    yield made
    assert not is_running(made)


@contextmanager
def user_process(data: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that uses the database until its standard input is closed."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", USE, str(data)]
    with subprocess.Popen(
        command, cwd=root, env=os.environ | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code and what else it has printed."""
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_it_starts_in_a_directory_of_any_name_also_after_a_move(name: str, data: Path, place: Path) -> None:
    moved = place / name / "data"
    moved.parent.mkdir()
    data.rename(moved)
    try:
        with embedded.running(moved) as urls:
            assert answers(urls.admin)
            folder = Path(unquote(urls.admin.partition("host=")[2]))
            assert len(os.fsencode(folder)) < 90
        assert not is_running(moved)
        assert folder == moved or not folder.exists(), "the folder of the socket is left over"
    finally:
        moved.rename(data)


def test_it_is_created_in_a_directory_of_any_name(place: Path) -> None:
    data = place / "".join(NAMES[name] for name in ("a space", "umlauts", "every punctuation")) / "data"
    with embedded.running(data) as urls:
        assert answers(urls.admin)
    shutil.rmtree(data.parent)


def test_it_lives_until_its_last_user_ends_and_says_nothing(data: Path) -> None:
    with user_process(data) as (first, url), user_process(data) as (second, same):
        assert url == same
        assert ended(first) == (0, "")
        assert answers(url)
        assert ended(second) == (0, "")
        assert not is_running(data)


def test_a_process_that_was_killed_is_no_user(data: Path) -> None:
    with user_process(data) as (killed, url):
        killed.kill()
        killed.wait()
        assert answers(url), "Postgres outlives it"
        with embedded.running(data) as urls:
            assert urls.admin == url
            assert answers(url)
    assert not is_running(data)


def test_it_may_be_moved_while_it_runs(data: Path, place: Path) -> None:
    moved = place / "moved"
    with user_process(data) as (killed, _):
        killed.kill()
    data.rename(moved)
    with embedded.running(moved) as urls:
        assert answers(urls.admin)
    assert not is_running(moved)
    moved.rename(data)


def test_a_locale_without_utf_8_and_a_path_that_needs_it_agree(data: Path, place: Path) -> None:
    moved = place / "Büro, strikt" / "data"
    moved.parent.mkdir()
    data.rename(moved)
    with user_process(moved, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", LC_ALL="C") as (process, url):
        assert answers(url)
        assert ended(process) == (0, "")
    moved.rename(data)


def test_a_killed_postgres_is_started_again(data: Path) -> None:
    with user_process(data) as (process, _):
        os.kill(int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0]), signal.SIGKILL)
        with embedded.running(data) as urls:
            assert answers(urls.admin)
        assert is_running(data), "the first process uses it, too"
        assert ended(process) == (0, "")


@pytest.mark.parametrize("is_closed", [True, False], ids=["was killed", "is slow"])
def test_a_server_that_is_connected_to_answers_unless_it_closes_the_connection(place: Path, is_closed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system accepts connections for a server that was killed a moment ago, until it has closed its socket. A slow one is not taken for that."""
    monkeypatch.setattr(postmaster, "SILENT_SECONDS", 0.2)
    status = postmaster.Status(os.getpid(), place, 1, is_ready=True)
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor() as thread:
        server.bind(str(place / ".s.PGSQL.1"))
        server.listen()
        answer = thread.submit(status.answers)
        connection, _ = server.accept()
        with connection:
            if is_closed:
                connection.close()
            assert answer.result(timeout=10) is not is_closed
    (place / ".s.PGSQL.1").unlink()


def test_the_pid_of_a_server_that_is_gone_may_be_another_program_now(data: Path) -> None:
    with user_process(data):
        left = (data / "postmaster.pid").read_bytes().splitlines()
    with embedded.running(data):
        pass
    identity = {"user": data.stat().st_uid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **identity) as other:
        taken = b"\n".join([str(other.pid).encode(), *left[1:]]) + b"\n"
        (data / "postmaster.pid").write_bytes(taken)
        with embedded.running(data) as urls:
            assert answers(urls.admin)
            os.kill(int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0]), signal.SIGKILL)
            (data / "postmaster.pid").write_bytes(taken)
            time.sleep(0.2)
        assert other.poll() is None, "neither a start nor a stop signals it"
        other.kill()


def test_variables_of_postgres_and_locales_that_are_not_installed_change_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strange = {"PGPORT": "6000", "PGDATA": "/nowhere", "PGHOST": "nowhere.invalid", "PGUSER": "nobody", "LC_ALL": "xx_YY.UTF-8", "LANG": "xx", "TZ": "No/Where"}
    for name, value in strange.items():
        monkeypatch.setenv(name, value)
    with embedded.running(place / "strange") as urls:
        assert answers(urls.admin)
        assert (place / "strange" / ".s.PGSQL.5432").exists()


def test_without_a_temporary_folder_it_starts_where_the_path_is_short(data: Path) -> None:
    with user_process(data, TMPDIR="/nowhere") as (process, url):
        assert answers(url)
        assert ended(process) == (0, "")


def test_without_a_short_folder_for_the_socket_it_says_so(data: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postmaster, "MAX_SOCKET_BYTES", 10)
    with pytest.raises(EmbeddedPostgresFailed, match="set TMPDIR to one that is writable, or choose a shorter --data-dir"), embedded.running(data):
        pass


def test_several_processes_may_create_it_at_once(place: Path) -> None:
    data = place / "at-once"
    with user_process(data) as (one, first), user_process(data) as (two, second), user_process(data) as (three, third):
        assert first == second == third
        assert [ended(process) for process in (one, two, three)] == [(0, "")] * 3
    assert not is_running(data)


def test_a_creation_that_was_interrupted_is_begun_again(place: Path) -> None:
    part = place / "interrupted.new"
    part.mkdir()
    (part / "PG_VERSION").write_text("18\n", encoding="ascii")
    with embedded.running(place / "interrupted") as urls:
        assert answers(urls.admin)
    assert not part.exists()


def test_a_copy_that_others_may_read_starts(data: Path) -> None:
    data.chmod(0o755)
    with embedded.running(data) as urls:
        assert answers(urls.admin)
    assert data.stat().st_mode & 0o077 == 0


def test_the_cause_of_a_failed_start_is_one_line(data: Path) -> None:
    conf = data / "postgresql.auto.conf"
    before = conf.read_bytes()
    conf.write_bytes(before + b"shared_buffers = '1000 TB'\n")
    try:
        with pytest.raises(EmbeddedPostgresFailed) as failed, embedded.running(data):
            pass
    finally:
        conf.write_bytes(before)
    said = str(failed.value)
    assert said.startswith("PORTICO_DATA_DIR: the built-in Postgres did not start: FATAL: ")
    assert said.endswith("Its log is DATA_DIR/data/log.")
    assert "\n" not in said
    with embedded.running(data) as urls:  # and once that is mended it starts
        assert answers(urls.admin)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("data", None, "is a file or lies below one"),
        ("data/notes.txt", "mine", "holds files that are not a database"),
        ("data/PG_VERSION", "16\n", "holds a database of Postgres 16, and the built-in one is 18"),
    ],
)
def test_a_directory_that_it_cannot_use_is_refused_and_left_as_it_is(name: str, content: str | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content or "", encoding="utf-8")
    with pytest.raises(EmbeddedPostgresFailed, match=says), embedded.running(tmp_path / "data"):
        pass
    assert path.read_text(encoding="utf-8") == (content or "")


def test_a_line_break_in_the_path_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresFailed, match="has a line break"), embedded.running(tmp_path / "a\nb" / "data"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for data in (tmp_path / "file" / "data", tmp_path / "file" / "below" / "data"):
        with pytest.raises(EmbeddedPostgresFailed, match="is a file or lies below one"), embedded.running(data):
            pass
