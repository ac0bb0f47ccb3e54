"""A Prometheus that scrapes the processes of a soak, and what it answers to queries."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from bench.soak.stage import free_port

SCRAPE_SECONDS = 5
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a panel: its labels, and its values by the time."""

    labels: dict[str, str]
    points: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Prometheus:
    address: str

    def query_range(self, query: str, since: float, until: float, step: float) -> list[Series]:
        parameters: dict[str, Any] = {"query": query, "start": since, "end": until, "step": step}
        answer = httpx.get(f"{self.address}/api/v1/query_range", params=parameters, timeout=30)
        answer.raise_for_status()
        return [_series(result) for result in answer.json()["data"]["result"]]


def _series(result: dict[str, Any]) -> Series:
    points = [(float(at), float(value)) for at, value in result["values"]]
    return Series(result["metric"], [(at, value) for at, value in points if value == value])  # without NaN


@contextmanager
def prometheus(program: Path, ports: dict[str, int]) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes the metrics on these ports, each an instance of its name."""
    with tempfile.TemporaryDirectory(prefix="portico-prometheus-") as folder:
        targets = [{"targets": [f"127.0.0.1:{port}"], "labels": {"instance": name}} for name, port in ports.items()]
        scraping = {"job_name": "portico", "scrape_interval": f"{SCRAPE_SECONDS}s", "static_configs": targets}
        configuration = Path(folder) / "prometheus.yml"
        configuration.write_text(yaml.safe_dump({"scrape_configs": [scraping]}), encoding="utf-8")
        address = f"127.0.0.1:{free_port()}"
        options = [f"--config.file={configuration}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}", "--log.level=error"]
        with subprocess.Popen([program, *options]) as process:
            try:
                _wait(f"http://{address}", process)
                yield Prometheus(f"http://{address}")
            finally:
                process.terminate()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/-/ready", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError("Prometheus did not start.")


def panels(path: Path) -> list[dict[str, Any]]:
    """Return the panels of a dashboard of Grafana, in their order."""
    of_grafana: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["panels"]
    return of_grafana
