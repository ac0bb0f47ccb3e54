"""A failing test whose garbage parses source when it is collected: its report does not end the run."""

import subprocess
import sys
from pathlib import Path

# Source enough that the collector runs while pytest parses it, and garbage of which each object parses source in turn.
FAILING = """
import ast
import gc

class Cycle:
    def __init__(self):
        self.itself = self

    def __del__(self):
        ast.parse("(1 + 2) * 3")

def test_fails():
    gc.collect()
    gc.set_threshold(500, 2, 2)
    cycles = [Cycle() for _ in range(50)]
    del cycles
    assert 1 == 2
""" + "\n".join(f"number_{number} = (1 + 2) * {number}" for number in range(2000))


def report_of(folder: Path, root: Path, *options: str) -> str:
    path = folder / "test_failing.py"
    path.write_text(FAILING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={folder}", *options, str(path)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120).stdout


def test_no_garbage_is_collected_while_a_report_is_made(tmp_path: Path, root: Path) -> None:
    output = report_of(tmp_path, root, "-p", "tests.reporting.reports")
    assert "INTERNALERROR" not in output
    assert "1 failed" in output
