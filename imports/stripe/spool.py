"""The objects of an account as files, and how far they are read. A run that is killed goes on from here.

The folder `.stripe` has one file per list, a JSON object a line, in the order in which Stripe lists them, and `state.json`, which replaces itself atomically after each page and says
how many bytes of each file count. What a killed run wrote beyond that is cut off.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imports.stripe.problems import CannotRead

FOLDER = ".stripe"
STATE = "state.json"
VERSION = 1


@dataclass(slots=True)
class ListState:
    """How far a list is read: the bytes and objects that count, and the id after which it goes on."""

    bytes: int = 0
    objects: int = 0
    after: str | None = None
    is_complete: bool = False


@dataclass(slots=True)
class Spool:
    """The files of one account. `read_at` is the time of the run in seconds since 1970: nothing newer is read."""

    folder: Path
    account: str
    currency: str
    read_at: int
    lists: dict[str, ListState] = field(default_factory=dict)
    is_finished: bool = False

    def state_of(self, name: str) -> ListState:
        return self.lists.setdefault(name, ListState())

    def append(self, name: str, objects: Sequence[Mapping[str, Any]], *, after: str | None, is_complete: bool) -> None:
        """Append a page, and only then count it."""
        state = self.state_of(name)
        lines = b"".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for one in objects)
        with (self.folder / f"{name}.jsonl").open("ab") as file:
            file.truncate(state.bytes)
            file.seek(state.bytes)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        self.lists[name] = ListState(state.bytes + len(lines), state.objects + len(objects), after or state.after, is_complete)
        self.save()

    def read(self, name: str) -> Iterator[dict[str, Any]]:
        """Return the objects of a list, one at a time."""
        path = self.folder / f"{name}.jsonl"
        if not path.exists():
            return
        left = self.state_of(name).bytes
        with path.open("rb") as file:
            for line in file:
                left -= len(line)
                if left < 0:
                    return
                yield json.loads(line)

    def save(self) -> None:
        lists = {name: {"bytes": one.bytes, "objects": one.objects, "after": one.after, "is_complete": one.is_complete} for name, one in self.lists.items()}
        state = {
            "version": VERSION,
            "account": self.account,
            "currency": self.currency,
            "read_at": self.read_at,
            "is_finished": self.is_finished,
            "lists": lists,
        }
        write_whole(self.folder / STATE, json.dumps(state, indent=1).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file by another, so that it is never there in part."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def open_spool(out: Path, account: str, *, currency: str, now: int) -> Spool:
    """Return the spool of a folder: of a run that was not finished, to go on with, else a new one. `currency` is the account's own.

    Raises CannotRead for a folder of something else.
    """
    folder = out / FOLDER
    try:
        out.mkdir(parents=True, exist_ok=True)
        if (folder / STATE).exists():
            spool = _stored(folder)
            if spool.account != account:
                raise CannotRead(f"{out} has the data of the account {spool.account}, and the key is one of {account}. Give another folder.")
            return spool if not spool.is_finished else _new(Spool(folder, account, currency, now))
        if any(path.name != FOLDER for path in out.iterdir()):
            raise CannotRead(f"{out} is neither empty nor written by this command. Give another folder.")
        return _new(Spool(folder, account, currency, now))
    except OSError as error:
        raise CannotRead(f"{out} cannot be written ({error.strerror}).") from None


def _new(spool: Spool) -> Spool:
    """Begin a spool. What a finished run has read counts no more; what it has written stays until it is replaced."""
    spool.folder.mkdir(mode=0o700, exist_ok=True)
    spool.save()
    for path in spool.folder.glob("*.jsonl"):
        with suppress(FileNotFoundError):
            path.unlink()
    return spool


def _stored(folder: Path) -> Spool:
    try:
        state = json.loads((folder / STATE).read_bytes())
        if state["version"] != VERSION:
            raise CannotRead(f"{folder.parent} was written by another version of this command. Give another folder.")
        lists = {name: ListState(**one) for name, one in state["lists"].items()}
        return Spool(folder, state["account"], state["currency"], state["read_at"], lists, state["is_finished"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CannotRead(f"{folder / STATE} is damaged. Remove {folder.parent} and run the command again.") from None
