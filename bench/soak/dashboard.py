"""The dashboard of `deploy/grafana` as a picture, drawn from what a Prometheus answers to the queries of its panels."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from bench.runner.database import ROOT
from bench.soak.monitor import Prometheus, Series, panels

DASHBOARD = ROOT / "deploy" / "grafana" / "portico.json"
# Grafana's grid has 24 columns.
COLUMN, LINE, GAP, POINTS = 56, 30, 6, 120
WIDTH = 24 * COLUMN
# Grafana sets them from the time range and the data source.
VARIABLES = {"$__rate_interval": "30s", '"$job"': '".*"', '"$instance"': '".*"'}
COLORS = ("#0f766e", "#b45309", "#4338ca", "#be123c", "#4d7c0f", "#0369a1", "#a21caf", "#854d0e", "#64748b", "#15803d", "#9f1239", "#1d4ed8")
MOST_NAMED = 7
STYLE = """
  text { font: 11px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 } .title { font-weight: 600; font-size: 12px } .quiet { fill: #59636e; font-size: 10px }
  .row { font-weight: 600; font-size: 14px } .stat { font-size: 26px; fill: #0f766e; text-anchor: middle } .end { text-anchor: end }
  .panel { fill: #ffffff; stroke: #d1d9e0 } .grid { stroke: #e5e9ed } .page { fill: #f6f8fa } path { fill: none; stroke-width: 1.4 }
"""
UNITS: dict[str, tuple[tuple[float, str], ...]] = {
    "s": ((1.0, " s"), (1e-3, " ms")),
    "bytes": ((1e9, " GB"), (1e6, " MB"), (1e3, " kB")),
    "Bps": ((1e6, " MB/s"), (1e3, " kB/s"), (1.0, " B/s")),
    "percentunit": ((0.01, " %"),),
    "ops": ((1.0, "/s"),),
    "reqps": ((1.0, "/s"),),
}


def draw(prometheus: Prometheus, since: float, until: float, into: Path) -> None:
    """Write the picture of the time between two instants, in seconds since 1970."""
    drawn = [_panel(panel, prometheus, since, until) for panel in panels(DASHBOARD)]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels(DASHBOARD)) * LINE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="Portico\'s dashboard">'
    into.write_text(
        "\n".join([head, f"<style>{STYLE}</style>", f'<rect class="page" width="{WIDTH}" height="{height}"/>', *drawn, "</svg>", ""]), encoding="utf-8"
    )


def _panel(panel: dict[str, Any], prometheus: Prometheus, since: float, until: float) -> str:
    place = panel["gridPos"]
    x, y, width, height = place["x"] * COLUMN, place["y"] * LINE, place["w"] * COLUMN - GAP, place["h"] * LINE - GAP
    if panel["type"] == "row":
        return f'<text class="row" x="{x + 4}" y="{y + 20}">{escape(panel["title"])}</text>'
    lines = [
        (_legend(target, one), one) for target in panel["targets"] for one in prometheus.query_range(_query(target), since, until, (until - since) / POINTS)
    ]
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "")
    body = _stat(lines, unit, width, height) if panel["type"] == "stat" else _chart(lines, unit, width, height, (since, until))
    title = f'<text class="title" x="8" y="17">{escape(panel["title"])}</text>'
    return f'<g transform="translate({x},{y})"><rect class="panel" width="{width}" height="{height}" rx="3"/>{title}{body}</g>'


def _query(target: dict[str, str]) -> str:
    query = target["expr"]
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return query


def _legend(target: dict[str, str], series: Series) -> str:
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: series.labels.get(match[1], ""), target.get("legendFormat", ""))


def _stat(lines: Sequence[tuple[str, Series]], unit: str, width: int, height: int) -> str:
    values = [point for _, series in lines for _, point in series.points[-1:]]
    return f'<text class="stat" x="{width / 2}" y="{height / 2 + 18}">{_number(values[0], unit) if values else "no data"}</text>'


def _chart(lines: Sequence[tuple[str, Series]], unit: str, width: int, height: int, times: tuple[float, float]) -> str:
    """Return the axes, the lines and a legend of the last values."""
    highest = max((value for _, series in lines for _, value in series.points), default=0.0) * 1.08 or 1.0
    left, top, right = 58, 28, width - 10
    bottom = height - 22 - 13 * -(-min(len(lines), MOST_NAMED + 1) // 2)
    parts = [_scale(highest * part, unit, left, right, bottom - (bottom - top) * part) for part in (0.0, 0.5, 1.0)]
    for number, (_, series) in enumerate(lines):
        points = [(left + (right - left) * (at - times[0]) / (times[1] - times[0]), bottom - (bottom - top) * value / highest) for at, value in series.points]
        parts.append(f'<path stroke="{COLORS[number % len(COLORS)]}" d="M{"L".join(f"{x:.0f} {y:.1f}" for x, y in points)}"/>' if points else "")
    for number, (name, series) in enumerate(lines[:MOST_NAMED]):
        label = f"{name}  {_number(series.points[-1][1], unit)}" if series.points else name
        parts.append(_label(label, COLORS[number % len(COLORS)], number, width, bottom))
    if len(lines) > MOST_NAMED:
        parts.append(_label(f"and {len(lines) - MOST_NAMED} more", "none", MOST_NAMED, width, bottom))
    return "".join(parts) or ""


def _scale(value: float, unit: str, left: int, right: int, y: float) -> str:
    return f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.0f}" y2="{y:.0f}"/><text class="quiet end" x="{left - 4}" y="{y + 3:.0f}">{_number(value, unit)}</text>'


def _label(text: str, color: str, number: int, width: int, bottom: float) -> str:
    """Return an entry of the legend, which has two columns. A text that is too long for its column is cut."""
    most = width // 12
    text = escape(text if len(text) <= most else text[: most - 1] + "…")
    x, y = 10 + (number % 2) * (width - 20) / 2, bottom + 18 + 13 * (number // 2)
    return f'<rect x="{x:.0f}" y="{y - 7:.0f}" width="8" height="8" fill="{color}"/><text class="quiet" x="{x + 12:.0f}" y="{y:.0f}">{text}</text>'


def _number(value: float, unit: str) -> str:
    """Return a number of three digits with its unit."""
    steps = UNITS.get(unit, ((1.0, ""),))
    size, name = next(((size, name) for size, name in steps if abs(value) >= size), steps[-1])
    return f"{value / size:,.0f}{name}" if abs(value / size) >= 100 or value == 0 else f"{value / size:.3g}{name}"
