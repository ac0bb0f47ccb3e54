"""The selection and the order of tests, and the marks that `make test-fast` selects by.

unit  no Postgres and no server      db  Postgres, and no server      http  a server, or a program in a process of its own
slow  a test that takes long, or one of hundreds: `make test-fast` omits it
"""

import os
from collections import defaultdict
from pathlib import Path
from zlib import crc32

import pytest

from tests import depth
from tests.db.distribution.elsewhere import skip_elsewhere
from tests.depth import PROFILE, SEED, by_depth
from tests.template import DATABASE

TESTS = Path(__file__).parent
# These take long and run first, the longest before the others; a long test that runs last leaves the other processes idle. Then come files that need no database,
# which the other processes have while the first one that needs a database makes it.
FIRST = [
    "test_first_run", "test_examples", "test_pool_whole", "test_workers", "test_paper_neighbours", "test_upload_kills", "test_worker_outages", "test_debits",
    "test_bucket_faults", "test_upload_faults", "test_demo", "test_first_call", "test_previous_programs", "test_upgrade", "test_model", "test_worker_and_server", "test_audit",
    "test_kill", "test_fuzz_arguments", "test_manifests", "test_offered", "test_forecast", "test_contributing", "test_uploads", "test_embedded",
    "test_going_live", "test_round_trip", "test_partners", "test_graphiql", "test_direct_uploads", "test_statement_pages", "test_load", "test_slow", "test_differential", "test_chance",
    "test_blocks",
]  # fmt: skip
# Tests that start programs, browsers or servers without one of the fixtures below.
HTTP_FOLDERS = {"journeys", "first_hour", "examples", "faults"}
HTTP_FILES = {
    "test_attacks",
    "test_bucket",
    "test_cli",
    "test_contract",
    "test_contributing",
    "test_first_start",
    "test_going_live",
    "test_image",
    "test_key_rotation",
    "test_killed_servers",
    "test_localstripe",
    "test_previous_programs",
    "test_reading",
    "test_restore_drill",
    "test_secrets",
    "test_senders",
    "test_stripe",
}
# A visit to the portal starts a demo and a browser.
VISIT = "visit"
SERVERS = {VISIT, "server", "start_server", "http", "store", "rclone", "s3rver"}
CLUSTERS = {"urls", "place"}
# In the profile dev, a test of a database or a server runs one of this many parts of its cases, and of the files that are slow or start programs one part runs, for as many days.
DAYS = 3
RUN = f"profile: {PROFILE} (PORTICO_TEST_PROFILE), seed: {SEED} (PORTICO_TEST_SEED)"
SLOW_FOLDERS = {"examples", "faults", "first_hour", "lifecycle"}
# Each takes more than two seconds, most of them of processor time, or migrates a database of an old revision.
SLOW_FILES = {
    "test_amounts",
    "test_archive",
    "test_bad_input",
    "test_build",
    "test_catalog_cli",
    "test_catalog_planning",
    "test_command",
    "test_concurrent_indexes",
    "test_contributing",
    "test_costs",
    "test_coupon_codes",
    "test_coverage",
    "test_demo",
    "test_differential",
    "test_doctor",
    "test_embedded",
    "test_export",
    "test_going_live",
    "test_imports",
    "test_interruptions",
    "test_issuers",
    "test_key_rotation",
    "test_killed_servers",
    "test_life",
    "test_limits",
    "test_log",
    "test_memory",
    "test_newer_database",
    "test_old_collections",
    "test_old_histories",
    "test_old_numbers",
    "test_old_papers",
    "test_old_refunds",
    "test_old_schedules",
    "test_old_sessions",
    "test_partners_cli",
    "test_parts",
    "test_passwords",
    "test_pdf_documents",
    "test_pool",
    "test_previous_programs",
    "test_reading",
    "test_restore_drill",
    "test_round_trip",
    "test_s3_servers",
    "test_scripts",
    "test_secret_rotation",
    "test_sequences",
    "test_shared_addresses",
    "test_shipped",
    "test_signing_keys",
    "test_slow_readers",
    "test_statement_pages",
    "test_stripe_form",
    "test_traces",
    "test_upgrade",
    "test_worker_traces",
    "test_workers",
}

# What the profile dev leaves to `.ci/run`, unless the command line names a file or a folder: browsers and npm, builds, copies of the tree, outages, and long histories of models.
# Each takes half a minute or more, and `make portal`, `make model` and `make night` run most of them.
LEFT_TO_CI = {
    "portal/pages", "portal/test_build", "examples", "first_hour/test_without_built_in_postgres", "first_hour/test_graphiql", "structure/test_contributing",
    "lifecycle/models", "lifecycle/payments/test_client_caches", "journeys/outages/test_pool_whole", "journeys/uploads/test_upload_kills", "db/migrations/test_upgrade",
    "imports/test_going_live",
    "db/migrations/test_previous_programs", "faults", "deploy/test_restore_drill", "lifecycle/worker/test_worker_and_server", "lifecycle/worker/test_worker_outages",
    "gateway/serving/test_workers", "gateway/live/test_slow_readers", "journeys/papers/test_paper_neighbours", "journeys/partners/test_first_call", "portal/test_stripe_form",
}  # fmt: skip


def seed_hypothesis(config: pytest.Config) -> None:
    """Give Hypothesis the printed seed, unless the option --hypothesis-seed is set."""
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = str(SEED)


def pytest_report_header() -> str:
    return RUN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print profile, seed and the seed of a random order with `-q`, which omits the header."""
    if _leaves_to_ci(terminalreporter.config):
        files = [path for path in TESTS.rglob("test_*.py") if _is_left_out(path)]
        terminalreporter.write_line(f"not run: {len(files)} files that are left to CI or to another day; PORTICO_TEST_PROFILE=ci runs all")
    if terminalreporter.verbosity < 0:
        terminalreporter.write_line(RUN)
        if terminalreporter.config.pluginmanager.has_plugin("randomly"):
            terminalreporter.write_line(f"order: --randomly-seed={terminalreporter.config.getoption('randomly_seed')}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for name in marks_of(item):
            item.add_marker(name)
    _take_turns(config, items)
    if DATABASE in os.environ:
        skip_elsewhere(items)
    if not config.pluginmanager.has_plugin("randomly"):
        places = {name: place for place, name in enumerate(FIRST)}
        with_database = {item.path for item in items if not item.get_closest_marker("unit")}
        items.sort(key=lambda item: (places.get(item.path.stem, len(FIRST)), item.path in with_database))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processors plus one, because many tests wait; at most four, because each process has a Postgres and servers."""
    return min((os.cpu_count() or 1) + 1, 4)


def marks_of(item: pytest.Item) -> list[str]:
    folder = _folder(item.path)
    fixtures = set(getattr(item, "fixturenames", ()))
    kind = "http" if folder in HTTP_FOLDERS or item.path.stem in HTTP_FILES or fixtures & SERVERS else "db" if fixtures & CLUSTERS else "unit"
    is_slow = _is_slow(item.path) or VISIT in fixtures
    return [kind, "slow"] if is_slow else [kind]


def _folder(path: Path) -> str:
    return path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else ""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import files of which no test runs: those left to CI or to another day, and slow ones where the marks `unit` and `db` without `slow` are selected."""
    if collection_path.suffix != ".py" or not collection_path.is_relative_to(TESTS):
        return None
    is_left = _leaves_to_ci(config) and _is_left_out(collection_path)
    return True if is_left or (_is_slow(collection_path) and "not slow" in config.option.markexpr) else None


def _take_turns(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect by day all but about one in n cases of tests marked `in_turns(n)`, and in the profile dev those of other days.

    The seed chooses the cases.
    """
    if _is_named(config):
        return
    due = [item for item in items if _has_turn(item)]
    omitted = set(items).difference(due).union(_of_other_days(due))
    if omitted:
        config.hook.pytest_deselected(items=[item for item in items if item in omitted])
        items[:] = [item for item in items if item not in omitted]


def _of_other_days(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the cases that do not run today in the profile dev: of a test of a database or a server with at least DAYS cases, all but one in DAYS."""
    cases = defaultdict(list)
    for item in items if depth.PROFILE == "dev" else ():
        if hasattr(item, "callspec") and not item.get_closest_marker("unit"):
            cases[item.nodeid.partition("[")[0]].append(item)
    return [item for group in cases.values() if len(group) >= DAYS for number, item in enumerate(group) if (number + SEED) % DAYS]


def _has_turn(item: pytest.Item) -> bool:
    """Whether the test runs with this seed. The choice depends on a hash of its name, so that the cases of one day are of all kinds."""
    mark = item.get_closest_marker("in_turns")
    return mark is None or (crc32(item.nodeid.encode()) + SEED) % by_depth(mark.args[0], 1) == 0


def _leaves_to_ci(config: pytest.Config) -> bool:
    return PROFILE == "dev" and not _is_named(config) and _is_of_all_tests(config)


def _is_left_out(path: Path) -> bool:
    return _is_left_to_ci(path) or _is_of_another_day(path)


def _is_left_to_ci(path: Path) -> bool:
    place = path.relative_to(TESTS).with_suffix("")
    return any(part.as_posix() in LEFT_TO_CI for part in (place, *place.parents))


def _is_of_another_day(path: Path) -> bool:
    """Whether a file of tests that is slow or starts programs is left to other days: one part in DAYS runs on DAYS days, on which each case of it has its turn, and then another part."""
    name = path.relative_to(TESTS).as_posix()
    is_dear = path.name.startswith("test_") and (_is_slow(path) or _folder(path) in HTTP_FOLDERS or path.stem in HTTP_FILES)
    return is_dear and (crc32(name.encode()) + SEED // DAYS) % DAYS > 0


def _is_slow(path: Path) -> bool:
    return _folder(path) in SLOW_FOLDERS or path.stem in SLOW_FILES


def _is_of_all_tests(config: pytest.Config) -> bool:
    """Whether the command line names no file and no folder below the tests."""
    return all(Path(config.invocation_params.dir, argument).resolve() in (TESTS, TESTS.parent) for argument in config.args)


def _is_named(config: pytest.Config) -> bool:
    """Whether the command line names a single test or selects by name: such tests always run."""
    return any("::" in argument for argument in config.args) or bool(config.getoption("keyword"))
