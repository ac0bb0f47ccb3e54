"""Whether something has grown: the second third of a run compared with the last one. The first third is for caches and pools to fill."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.soak.sampling import Sample

# Of what is compared, this part more and so much more is allowed: what a process allocates is not exactly the same all the time.
MORE = 1.05
# The lateness of an event loop says as much of the machine as of the server, so only what nobody would overlook counts.
ALLOWED = {"resident MB": 6.0, "private MB": 12.0, "open files": 8.0, "connections": 3.0, "ms late": 100.0}
# A table is compared by its bytes for each row, since most tables are meant to grow. Smaller tables than this are not looked at.
TABLE_MORE = 1.5
TABLE_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A value in the second and in the last third, and how much the second may be at most."""

    name: str
    before: float
    after: float
    limit: float

    @property
    def has_grown(self) -> bool:
        return self.after > self.limit


def figures(samples: Sequence[Sample]) -> list[Figure]:
    """Return the figures of a run. Raises ValueError if it was too short for two thirds."""
    third = len(samples) // 3
    if third < 2:
        raise ValueError("the run was too short to compare anything: there are fewer than six samples")
    before, after = samples[third : 2 * third], samples[2 * third :]
    values = [_value(name, before, after) for name in samples[-1].values]
    lags = [_figure(f"{name}: ms late", _lateness(before, name), _lateness(after, name), ALLOWED["ms late"]) for name in samples[-1].lag]
    return [*values, *lags, *_tables(before, after)]


def _value(name: str, before: Sequence[Sample], after: Sequence[Sample]) -> Figure:
    middle: Callable[[Iterable[Sample]], float] = lambda samples: median(sample.values[name] for sample in samples)  # noqa: E731  # used in this line and the next only
    allowed = next(more for kind, more in ALLOWED.items() if name.endswith(kind))
    return _figure(name, middle(before), middle(after), allowed)


def _figure(name: str, before: float, after: float, allowed: float) -> Figure:
    return Figure(name, before, after, before * MORE + allowed)


def _lateness(samples: Sequence[Sample], name: str) -> float:
    """Return by how many milliseconds a timer of the event loop was late on average."""
    (seconds, count), (until_seconds, until_count) = samples[0].lag[name], samples[-1].lag[name]
    return 1000 * (until_seconds - seconds) / max(1.0, until_count - count)


def _tables(before: Sequence[Sample], after: Sequence[Sample]) -> list[Figure]:
    per_row = []
    for name, size in after[-1].tables.items():
        earlier = before[-1].tables[name]
        if size.bytes >= TABLE_BYTES:
            figure = earlier.bytes / max(1, earlier.rows)
            per_row.append(Figure(f"{name}: bytes per row", figure, size.bytes / max(1, size.rows), figure * TABLE_MORE))
    return per_row
