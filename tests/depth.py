"""Profiles (how many generated examples run) and the seed of a run. Both are printed above the tests and are set by environment variables.

PORTICO_TEST_PROFILE
  dev      while somebody waits for the tests (the default)
  ci       before a change is merged: the default where PORTICO_TEST_REQUIRE=all, as `.ci/run` sets it; as many generated examples as `dev`
  nightly  all examples, as `make night` sets it
PORTICO_TEST_SEED
  a number; by default that of the day (UTC): a repeated run has the same examples, and the next day has others.
"""

import os
from datetime import UTC, datetime
from typing import TypeVar

from hypothesis import HealthCheck, settings

T = TypeVar("T")

PROFILE = os.environ.get("PORTICO_TEST_PROFILE") or ("ci" if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else "dev")
# Set in the environment, because the other processes of the run would compute another seed after midnight.
SEED = int(os.environ.setdefault("PORTICO_TEST_SEED", str(datetime.now(UTC).toordinal())))

# CI has no database of examples: the next run is on another machine.
settings.register_profile("dev", deadline=None)
for name in ("ci", "nightly"):
    settings.register_profile(name, deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(PROFILE)


def by_depth(day: T, night: T) -> T:
    """Return `night` in the profile nightly, and `day` in the others."""
    return night if PROFILE == "nightly" else day


IS_NIGHT = PROFILE == "nightly"


def in_turns(everything: int, every: int) -> range:
    """Return the numbers of the cases that run, out of `everything`: all in the profile nightly, one in `every` by day. The seed chooses the first."""
    step = by_depth(every, 1)
    return range(SEED % step, everything, step)
