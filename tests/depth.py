"""How much the generated tests do.

quick   while somebody waits for them (the default)
suite   before a change lands: PORTICO_TEST_REQUIRE=all, as `.ci/run` sets it
night   all that there is: PORTICO_TEST_DEPTH=night, as `make night` sets it
"""

import os
from typing import TypeVar

T = TypeVar("T")

IS_NIGHT = os.environ.get("PORTICO_TEST_DEPTH") == "night"
IS_SUITE = os.environ.get("PORTICO_TEST_REQUIRE") == "all"


def by_depth(quick: T, suite: T, night: T) -> T:
    return night if IS_NIGHT else suite if IS_SUITE else quick
