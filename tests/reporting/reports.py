"""Reports of tests that have failed."""

import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def without_collection() -> Iterator[None]:
    """Collect no garbage within the context."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make the report without collecting garbage.

    pytest parses the source of a failed test. A coroutine that is collected meanwhile, as tests of kills leave them behind, warns with a traceback, for which Python
    parses source, too. Before 3.11.8 the outer parser then raises a SystemError, and the whole run ends (https://github.com/python/cpython/issues/106905).
    """
    with without_collection():
        return (yield)
