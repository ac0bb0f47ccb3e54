"""The stored figures of each measurement: NAME.json in bench/results, or in the folder that BENCH_RESULTS names."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.runner import machine

FOLDER = Path(os.environ.get("BENCH_RESULTS") or Path(__file__).resolve().parents[1] / "results")


def head() -> dict[str, Any]:
    """Return what all figures begin with: when they were measured, and on which machine."""
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine.describe()}


def store(name: str, result: dict[str, Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(result, indent=1), encoding="utf-8")


def stored(name: str) -> dict[str, Any] | None:
    """Return the figures of the last run, or None if there was none."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
