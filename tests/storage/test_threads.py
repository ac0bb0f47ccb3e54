"""The threads that work on files."""

import asyncio
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
async def test_a_forked_process_has_threads_of_its_own_for_writing() -> None:
    await threads.done(threads.begin_writing(int))
    pid = os.fork()
    if pid == 0:
        try:
            future = threads._writers.submit(int)
            os._exit(future.result(timeout=10))
        except BaseException:  # the child must never go on with the tests
            os._exit(7)
    assert os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, pid, 0))[1]) == 0
