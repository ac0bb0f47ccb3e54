"""The machine on which the figures were measured, and the versions of the software."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path


def describe() -> dict[str, str]:
    memory = _first("/proc/meminfo", "MemTotal:")
    return {
        "Processor": f"{_first('/proc/cpuinfo', 'model name').lstrip(': ')}, {os.cpu_count()} cores",
        "Memory": f"{int(memory.split()[0]) * 1024 / 1e9:.0f} GB" if memory else "",
        "System": f"{_system()}, Linux {platform.release()}",
        "Load before": " ".join(Path("/proc/loadavg").read_text(encoding="utf-8").split()[:3]),
    }


def python_versions(names: Iterable[str]) -> dict[str, str]:
    return {"Python": platform.python_version(), **{name: version(name) for name in names}}


def node_versions(folder: Path, binary: str, names: Iterable[str]) -> dict[str, str]:
    node = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip().removeprefix("v")
    return {"Node": node, **{name: json.loads((folder / "node_modules" / name / "package.json").read_text(encoding="utf-8"))["version"] for name in names}}


def _first(path: str, start: str) -> str:
    return next((line[len(start) :].strip(" \t:") for line in Path(path).read_text(encoding="utf-8").splitlines() if line.startswith(start)), "")


def _system() -> str:
    return _first("/etc/os-release", "PRETTY_NAME=").strip('"')
