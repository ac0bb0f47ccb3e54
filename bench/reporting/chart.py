"""A bar chart as a small SVG that is readable on light and dark pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT, ROW, BAR, TOP = 820, 190, 90, 34, 18, 56
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 } .quiet { fill: #59636e; font-size: 12px }
  .ours { fill: #0f766e } .theirs { fill: #94a3b8 } .bound { fill: none; stroke: #94a3b8; stroke-dasharray: 4 3 } .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .ours { fill: #2dd4bf } .theirs { fill: #64748b } .bound { stroke: #64748b } .spread { stroke: #f0f6fc }
  }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """`kind` is ours, theirs or bound; `low` and `high` are the smallest and largest round."""

    name: str
    value: float
    low: float
    high: float
    kind: str


def bars(title: str, about: str, drawn: Sequence[Bar]) -> str:
    height = TOP + ROW * len(drawn) + 14
    scale = (WIDTH - LEFT - RIGHT) / max(bar.high for bar in drawn)
    values = ", ".join(f"{bar.name} {bar.value:,.0f}" for bar in drawn)
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}: {escape(values)}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="12" y="22">{escape(title)}</text>',
        f'<text class="quiet" x="12" y="41">{escape(about)}</text>',
    ]
    return "\n".join([*head, *(_row(bar, TOP + ROW * nth, scale) for nth, bar in enumerate(drawn)), "</svg>", ""])


def _row(bar: Bar, y: int, scale: float) -> str:
    middle = y + BAR / 2
    low, high = LEFT + bar.low * scale, LEFT + bar.high * scale
    return (
        f'<text x="{LEFT - 10}" y="{middle + 4.5:.1f}" text-anchor="end">{escape(bar.name)}</text>'
        f'<rect class="{bar.kind}" x="{LEFT}" y="{y}" width="{bar.value * scale:.1f}" height="{BAR}" rx="2"/>'
        f'<path class="spread" d="M{low:.1f} {middle:.1f}H{high:.1f}M{low:.1f} {y + 5}v8M{high:.1f} {y + 5}v8"/>'
        f'<text x="{high + 8:.1f}" y="{middle + 4.5:.1f}">{bar.value:,.0f}</text>'
    )
