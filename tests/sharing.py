"""Results that are computed once per process of tests, and not once per test or server, because nothing that a test does changes them."""

import gc
import ssl
from functools import cache, lru_cache
from typing import Any

import schema
from gateway.wiring import app

create_default_context = ssl.create_default_context


@cache
def context_of(cafile: str) -> ssl.SSLContext:
    return create_default_context(cafile=cafile)


def shared_context(*arguments: Any, **options: Any) -> ssl.SSLContext:
    """Return a TLS context, the same one for the same file of certificates: httpx reads more than a hundred of them for each client, which takes 30 ms."""
    if not arguments and options.keys() == {"cafile"}:
        return context_of(**options)
    return create_default_context(*arguments, **options)


def share() -> None:
    """Share the schema, the TLS context of HTTP clients, and the validation of the shipped documents, which each server publishes at its start."""
    schema.build = cache(schema.build)
    app.validate_document = lru_cache(1000)(app.validate_document)
    ssl.create_default_context = shared_context


def freeze() -> None:
    """Exclude what exists after the collection from garbage collection: modules and 8,000 tests live until the end of the process."""
    gc.collect()
    gc.freeze()
