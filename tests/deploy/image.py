"""Run programs in a root file system that deploy/Containerfile built, as a container would: read-only, as the user of the image, without capabilities, as process 1."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

CONTAINERFILE = Path(__file__).parents[2] / "deploy" / "Containerfile"
# In namespaces of its own; the network is that of the machine. /tmp and the state directory can be written to.
SCRIPT = """
set -eu
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --bind /dev "$ROOT/dev"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
mount -t tmpfs -o mode=0700,uid=10001,gid=10001 tmpfs "$ROOT/var/lib/portico"
exec env -i "$@"
"""


@dataclass(frozen=True)
class Instruction:
    """An instruction of a Containerfile, with its words; those of the JSON form (exec form) are a list."""

    name: str
    text: str

    @property
    def arguments(self) -> list[str] | None:
        """The exec form, or None for the shell form."""
        try:
            words = json.loads(self.text)
        except ValueError:
            return None
        return words if isinstance(words, list) else None


def instructions(text: str) -> list[Instruction]:
    """Parse a Containerfile strictly: comments, continued lines, and instructions in capitals."""
    lines = [line for line in text.splitlines() if not re.match(r"\s*#", line)]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    parsed = []
    for line in filter(str.strip, joined.splitlines()):
        match = re.fullmatch(r"([A-Z]+) +(.*\S)\s*", line)
        assert match, f"not an instruction: {line}"
        parsed.append(Instruction(match[1], match[2]))
    return parsed


def stages(text: str) -> list[list[Instruction]]:
    """Return the instructions of each stage; the first list is before the first FROM."""
    split: list[list[Instruction]] = [[]]
    for instruction in instructions(text):
        if instruction.name == "FROM":
            split.append([])
        split[-1].append(instruction)
    return split


def environment(stage: list[Instruction]) -> dict[str, str]:
    """Return what ENV sets."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(one.text for one in stage if one.name == "ENV")))


async def started(root: Path, *arguments: str, settings: Mapping[str, str], entrypoint: list[str] | None = None) -> asyncio.subprocess.Process:
    """Start the program of the image, with the environment of the image and these settings."""
    last = stages(CONTAINERFILE.read_text())[-1]
    program = entrypoint if entrypoint is not None else next(one.arguments or [] for one in last if one.name == "ENTRYPOINT")
    variables = [f"{name}={value}" for name, value in (environment(last) | dict(settings)).items()]
    user = ["setpriv", "--reuid=10001", "--regid=10001", "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
    return await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCRIPT, "sh"),
        *(*variables, "/usr/sbin/chroot", str(root), *user, *program, *arguments),
        env=os.environ | {"ROOT": str(root)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


def terminate(process: asyncio.subprocess.Process) -> None:
    """Send SIGTERM to the program, which is the child of the process that made the namespaces."""
    (program,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(program), signal.SIGTERM)


@asynccontextmanager
async def by_tcp(url: str) -> AsyncIterator[str]:
    """Forward a port to the Unix socket of a database. Yields the URL with the port."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    path = f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_unix_connection(path)
            await asyncio.gather(_copy(reader, back), _copy(there, writer))

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    try:
        yield f"postgresql://{parts.username}@127.0.0.1:{server.sockets[0].getsockname()[1]}{parts.path}?sslmode=disable"
    finally:
        server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
