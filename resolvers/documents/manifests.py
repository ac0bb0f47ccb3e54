"""The three manifest formats, recognised by their shape: Apollo's, GraphQL codegen's, Relay's. Every hash in them is verified."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing.refusals import ErrorCode, Refused
from billing.utf8 import is_storable

APOLLO = "apollo-persisted-query-manifest"
PREFIX = "sha256:"
MAX_DOCUMENTS = 20_000
# The hash algorithm of a bare id, by its number of hexadecimal digits. Relay's compiler used MD5 before; such an id is only an alias.
ALGORITHMS = {64: "sha256", 40: "sha1", 32: "md5"}
HEX = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a manifest. `id` is `sha256:` and the hash of its exact text; `alias` is the manifest's own id where that is another."""

    id: str
    alias: str | None
    body: str


def id_of(text: str) -> str:
    return PREFIX + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def normalized(identifier: str) -> str:
    """Return `sha256:…` for a bare SHA-256 hash, and every other id unchanged."""
    return PREFIX + identifier if len(identifier) == 64 and HEX.fullmatch(identifier) else identifier


def read(text: str) -> list[Entry]:
    """Return each document once. Raises Refused for an invalid manifest, and for the first wrong hash in it."""
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid("The manifest is not JSON.") from None
    if not isinstance(manifest, dict):
        raise _invalid("The manifest is not an object.")
    pairs = list(_apollo(manifest) if "format" in manifest else manifest.items())
    if not pairs or len(pairs) > MAX_DOCUMENTS:
        raise _invalid(f"A manifest has 1 to {MAX_DOCUMENTS} documents; this one has {len(pairs)}.")
    entries = [_entry(identifier, body) for identifier, body in pairs]
    return list({entry.id: entry for entry in entries}.values())


def _apollo(manifest: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    operations = manifest.get("operations")
    if (manifest["format"], manifest.get("version")) != (APOLLO, 1) or not isinstance(operations, list):
        raise _invalid(f"The manifest's format is not {APOLLO} version 1.")
    for operation in operations:
        if not isinstance(operation, dict):
            raise _invalid("An operation of the manifest is not an object.")
        yield operation.get("id"), operation.get("body")


def _entry(identifier: object, body: object) -> Entry:
    if not isinstance(identifier, str) or not isinstance(body, str):
        raise _invalid("The manifest is neither Apollo's, nor a map of ids to texts.")
    if not is_storable(identifier):
        raise _invalid("An id of the manifest is not a hash.")
    bare = identifier.removeprefix(PREFIX)
    algorithm = "sha256" if identifier.startswith(PREFIX) else ALGORITHMS.get(len(bare))
    if algorithm is None or not HEX.fullmatch(bare):
        raise _invalid(f"The id {identifier[:80]} is not a hash.")
    if hashlib.new(algorithm, body.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest() != bare:
        raise _invalid(f"The id {identifier[:80]} is not the hash of its text.")
    if not is_storable(body):
        raise _invalid(f"The text of {identifier[:80]} has a NUL character or half of a surrogate pair, which cannot be kept.")
    return Entry(id_of(body), None if algorithm == "sha256" else identifier, body)


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.INVALID_VALUE, f"{message} Nothing was published.", "manifest")
