"""The objects of an account by customer, in memory for a part of the customers at a time.

Stripe lists objects by their kind. With many of them the files of the spool are first divided into parts by customer, of which each fits into memory.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any
from zlib import crc32

from imports.stripe.mapping.account import Bundle
from imports.stripe.mapping.values import reference
from imports.stripe.spool import Spool

# Objects of a part, of some kilobytes each.
PART_OBJECTS = 20_000
LISTS = tuple(field.name for field in fields(Bundle) if field.name != "customer")


def bundles(spool: Spool) -> Iterator[tuple[list[Bundle], list[dict[str, Any]]]]:
    """Return the customers of each part with what they have, and the objects of the part whose customer was not read."""
    count = 1 + sum(spool.state_of(name).objects for name in LISTS) // PART_OBJECTS
    if count == 1:
        yield _grouped((name, one) for name in ("customers", *LISTS) for one in spool.read(name))
        return
    folder = spool.folder / "parts"
    folder.mkdir(exist_ok=True)
    _divide(spool, folder, count)
    for number in range(count):
        path = folder / f"{number}.jsonl"
        yield _grouped(_read(path))
        path.unlink()
    folder.rmdir()


def _divide(spool: Spool, folder: Path, count: int) -> None:
    """Write a file for each part; those of a killed run are replaced."""
    with ExitStack() as files:
        parts = [files.enter_context((folder / f"{number}.jsonl").open("wb")) for number in range(count)]
        for name in ("customers", *LISTS):
            for one in spool.read(name):
                customer = one["id"] if name == "customers" else reference(one.get("customer")) or ""
                parts[crc32(customer.encode()) % count].write(json.dumps([name, one]).encode() + b"\n")


def _read(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open("rb") as file:
        for line in file:
            name, one = json.loads(line)
            yield name, one


def _grouped(objects: Iterator[tuple[str, dict[str, Any]]]) -> tuple[list[Bundle], list[dict[str, Any]]]:
    customers: dict[str, Bundle] = {}
    others: list[dict[str, Any]] = []
    for name, one in objects:
        if name == "customers":
            customers[one["id"]] = Bundle(one)
        elif bundle := customers.get(reference(one.get("customer")) or ""):
            getattr(bundle, name).append(one)
        else:
            others.append(one)
    return list(customers.values()), others
