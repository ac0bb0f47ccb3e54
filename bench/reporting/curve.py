"""The curves of a load as a small SVG: throughput and latencies over the number of requests at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.reporting.chart import STYLE

WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP = 820, 300, 60, 64, 330, 60
PLOT = HEIGHT - TOP - 44
COLOURS = """
  .a { stroke: #0f766e; fill: none; stroke-width: 2 } .b { stroke: #b45309; fill: none; stroke-width: 2 } .axis { stroke: #94a3b8; stroke-width: 1 }
  .a-text { fill: #0f766e } .b-text { fill: #b45309 }
  @media (prefers-color-scheme: dark) { .a { stroke: #2dd4bf } .b { stroke: #fbbf24 } .a-text { fill: #2dd4bf } .b-text { fill: #fbbf24 } }
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: its name, its class in the style (a or b), and a value for each place on the axis."""

    name: str
    kind: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Panel:
    """A diagram of one or two curves over the same places."""

    title: str
    curves: Sequence[Curve]


def curves(title: str, places: Sequence[str], panels: Sequence[Panel]) -> str:
    spoken = "; ".join(f"{panel.title}: " + ", ".join(f"{curve.name} {value:,.0f}" for curve in panel.curves for value in curve.values) for panel in panels)
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(title)}: {escape(spoken)}">',
        f"<style>{STYLE}{COLOURS}</style>",
        f'<text class="title" x="12" y="22">{escape(title)}</text>',
    ]
    drawn = (_panel(panel, places, LEFT + nth * (PANEL + GAP)) for nth, panel in enumerate(panels))
    return "\n".join([*head, *drawn, "</svg>", ""])


def _panel(panel: Panel, places: Sequence[str], left: int) -> str:
    most = max(value for curve in panel.curves for value in curve.values) * 1.1 or 1.0
    step = PANEL / (len(places) - 1)
    bottom = TOP + PLOT
    parts = [
        f'<text class="quiet" x="{left}" y="{TOP - 18}">{escape(panel.title)}</text>',
        f'<path class="axis" d="M{left} {TOP}V{bottom}H{left + PANEL}" fill="none"/>',
    ]
    parts += [
        f'<text class="quiet" x="{left + step * nth:.1f}" y="{bottom + 18}" text-anchor="middle">{escape(place)}</text>' for nth, place in enumerate(places)
    ]
    parts += [
        f'<text class="quiet" x="{left - 6}" y="{bottom - PLOT * part / 1.1 + 4:.1f}" text-anchor="end">{most / 1.1 * part:,.0f}</text>'
        for part in (0.0, 0.5, 1.0)
    ]
    for curve in panel.curves:
        points = [(left + step * nth, bottom - PLOT * value / most) for nth, value in enumerate(curve.values)]
        parts.append(f'<path class="{curve.kind}" d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>')
        x, y = points[-1]
        parts.append(f'<text class="{curve.kind}-text" x="{x:.1f}" y="{y - 7:.1f}" text-anchor="end">{escape(curve.name)}</text>')
    return "\n".join(parts)
