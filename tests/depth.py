"""How much the generated tests do, and with which seed. Both are printed above the tests and are set by environment variables.

PORTICO_TEST_PROFILE
  dev      while somebody waits for the tests (the default)
  ci       before a change lands: the default where PORTICO_TEST_REQUIRE=all, as `.ci/run` sets it
  nightly  all that there is, as `make night` sets it
PORTICO_TEST_SEED
  a number; by default that of the day (UTC), so that a run that is repeated does the same, and another day does another part.
"""

import os
from datetime import UTC, datetime
from typing import TypeVar

from hypothesis import HealthCheck, settings

T = TypeVar("T")

PROFILES = ("dev", "ci", "nightly")
PROFILE = os.environ.get("PORTICO_TEST_PROFILE") or ("ci" if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else "dev")
# Set for the other processes of the run too, which would have another at midnight.
SEED = int(os.environ.setdefault("PORTICO_TEST_SEED", str(datetime.now(UTC).toordinal())))

# Examples of a run are not remembered for the next one in CI, where another machine runs it.
settings.register_profile("dev", deadline=None)
for name in ("ci", "nightly"):
    settings.register_profile(name, deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(PROFILE)


def by_depth(dev: T, ci: T, nightly: T) -> T:
    return dict(zip(PROFILES, (dev, ci, nightly), strict=True))[PROFILE]


IS_NIGHT = PROFILE == "nightly"


def in_turns(everything: int, every: int) -> range:
    """Which of so many generated cases run: all of them at night, otherwise one in `every`, beginning at another one with each seed."""
    step = by_depth(every, every, 1)
    return range(SEED % step, everything, step)
