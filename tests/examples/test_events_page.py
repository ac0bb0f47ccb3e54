"""The two terminals of docs/events.md: one follows a customer by curl, and shows what a payment in the other one changes."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.passwords import PASSWORD
from tests.conftest import needs


@contextmanager
def running(script: str, url: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a script in a terminal of its own, with what `make demo` prints."""
    environment = os.environ | {"GATEWAY": url, "PASSWORD": PASSWORD}
    with subprocess.Popen([needs("bash"), "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)


def messages(process: "subprocess.Popen[str]") -> Iterator[Any]:
    assert process.stdout
    for line in process.stdout:
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))["data"]["events"]


def test_the_first_terminal_shows_what_the_second_one_pays(root: Path, url: str, tmp_path: Path) -> None:
    for program in ("jq", "curl"):
        needs(program)
    section = (root / "docs/events.md").read_text(encoding="utf-8").partition("## Two terminals")[2].partition("\n## ")[0]
    follow, pay = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
    (tmp_path / "examples").symlink_to(root / "examples")  # a script of it makes files in its folder
    with running(follow, url, tmp_path) as first:
        received = messages(first)
        before = next(received)
        assert before["events"] == []
        with running(pay, url, tmp_path) as second:
            printed, _ = second.communicate(timeout=60)
            assert second.returncode == 0, printed
            assert ": SUCCEEDED" in printed
        types: set[str] = set()
        while not types >= {"PAYMENT_SUCCEEDED", "INVOICE_PAID"}:
            message = next(received)
            types |= {event["type"] for event in message["events"]}
        assert message["customer"]["summary"]["totalDue"] != before["customer"]["summary"]["totalDue"]
