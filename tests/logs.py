"""The log of the process that runs the tests."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from gateway.http import log_format as log


@contextmanager
def logging_as_before() -> Iterator[None]:
    """Restore the logging of the process, which `log.configure` and `log.hide` change."""
    root, names = logging.getLogger(), ("httpx", "httpcore", "uvicorn.error", "databases")
    before = list(root.handlers), root.level, [logging.getLogger(name).level for name in names]
    flags = logging.logThreads, logging.logProcesses, logging.logMultiprocessing
    try:
        yield
    finally:
        root.handlers[:], root.level = before[0], before[1]
        for name, level in zip(names, before[2], strict=True):
            logging.getLogger(name).setLevel(level)
        logging.logThreads, logging.logProcesses, logging.logMultiprocessing = flags
        log.hide(())
        structlog.reset_defaults()
