"""The threads that work on files."""

import os
import sys
import threading

import pytest

from storage import threads


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux gives a thread a priority of its own")
async def test_threads_that_hash_and_write_have_a_lower_priority_than_the_event_loop() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    here = priority()
    assert await threads.done(threads.begin_writing(priority)) == min(here + threads.NICENESS, 19)
    assert await threads.run(priority) == here
