"""Which tests a run has, in which order, and the marks by which `make test-fast` chooses.

unit  no Postgres and no server      db  Postgres, and no server      http  a server, or a program in a process of its own
slow  one that takes long, or one of hundreds: `make test-fast` leaves it out
"""

import os
from pathlib import Path
from zlib import crc32

import pytest

from tests.depth import PROFILE, SEED, by_depth

# Begun first: each takes long, and one that was begun last would run on alone while the other processes have nothing left to do.
FIRST = (
    "test_upload_kills",
    "test_model",
    "test_pool_whole",
    "test_chance",
    "test_differential",
    "test_dunning_kills",
    "test_kill",
    "test_load",
)
# Their tests start programs, browsers or servers without one of the fixtures below.
HTTP_FOLDERS = {"journeys", "first_hour"}
HTTP_FILES = {"test_attacks", "test_bucket", "test_cli", "test_contract", "test_contributing", "test_secrets", "test_senders", "test_stripe"}
SERVERS = {"server", "start_server", "http", "store", "rclone", "s3rver"}
CLUSTERS = {"urls", "place"}
RUN = f"profile: {PROFILE} (PORTICO_TEST_PROFILE), seed: {SEED} (PORTICO_TEST_SEED)"
SLOW_FOLDERS = {"first_hour", "lifecycle"}
# Each takes more than five seconds of a processor.
SLOW_FILES = {
    "test_archive",
    "test_contributing",
    "test_demo",
    "test_differential",
    "test_embedded",
    "test_issuers",
    "test_papers",
    "test_passwords",
    "test_pdf_workers",
    "test_pool",
    "test_scripts",
    "test_sequences",
    "test_signing_keys",
}


def seed_hypothesis(config: pytest.Config) -> None:
    """Hypothesis begins with the seed that is printed, unless its own option says otherwise."""
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = str(SEED)


def pytest_report_header() -> str:
    return RUN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where the header is not printed, with `-q`."""
    if terminalreporter.verbosity < 0:
        terminalreporter.write_line(RUN)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for name in marks_of(item):
            item.add_marker(name)
    _take_turns(config, items)
    if not config.pluginmanager.has_plugin("randomly"):
        places = {name: place for place, name in enumerate(FIRST)}
        items.sort(key=lambda item: places.get(item.path.stem, len(FIRST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, because many tests wait; at most four, because each has a Postgres and servers."""
    return min((os.cpu_count() or 1) + 1, 4)


def marks_of(item: pytest.Item) -> list[str]:
    folder = _folder(item.path)
    fixtures = set(getattr(item, "fixturenames", ()))
    kind = "http" if folder in HTTP_FOLDERS or item.path.stem in HTTP_FILES or fixtures & SERVERS else "db" if fixtures & CLUSTERS else "unit"
    is_slow = folder in SLOW_FOLDERS or item.path.stem in SLOW_FILES
    return [kind, "slow"] if is_slow else [kind]


def _folder(path: Path) -> str:
    tests = Path(__file__).parent
    return path.relative_to(tests).parts[0] if path.is_relative_to(tests) else ""


def _take_turns(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of tests with the mark `in_turns(n)` about one case in n, others with another seed; all at night."""
    left_out = [] if _is_named(config) else [item for item in items if not _has_turn(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _has_turn(item)]


def _has_turn(item: pytest.Item) -> bool:
    """By its name and not by its place, so that the cases of a day are of all kinds."""
    mark = item.get_closest_marker("in_turns")
    return mark is None or (crc32(item.nodeid.encode()) + SEED) % by_depth(mark.args[0], mark.args[0], 1) == 0


def _is_named(config: pytest.Config) -> bool:
    """Whether the caller names a single test or chooses by name: then it runs, whoever's turn it is."""
    return any("::" in argument for argument in config.args) or bool(config.getoption("keyword"))
