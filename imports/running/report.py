"""The report of an import: one line of JSON for each input line, in the order of the files, and the counts of the terminal's table."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from imports.formats.fields import LineKind
from imports.formats.kinds import KINDS
from imports.planning.drafts import LineAction, LineOutcome
from imports.reading.sorting import ExternalSort
from imports.reasons import LineFault


@dataclass(slots=True)
class ImportCounts:
    """How many lines came to what, by kind and action; and how often each reason and each note was given."""

    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def skipped(self) -> int:
        return sum(count for (_, action), count in self.actions.items() if action == LineAction.SKIP)


class ImportReport:
    """Collects what became of each line. `files` are the names of the files by kind."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self._entries = ExternalSort(folder, "report")
        self.files = files
        self.counts = ImportCounts()

    def add(self, outcome: LineOutcome) -> None:
        """ImportReport a line, unless it was reported when it was read."""
        if not outcome.line.is_reported:
            self._add(outcome.line.kind, outcome.line.number, outcome.action, outcome.fault, self._named(outcome))

    def add_fault(self, kind: LineKind, number: int, fault: LineFault) -> None:
        """ImportReport a line that cannot be read."""
        self._add(kind, number, LineAction.SKIP, fault, {})

    def _named(self, outcome: LineOutcome) -> dict[str, Any]:
        entry: dict[str, Any] = {"externalId": outcome.line.external_id}
        if outcome.target_id:
            entry["id"] = outcome.target_id
        if outcome.notes:
            entry["notes"] = outcome.notes
            self.counts.notes.update(outcome.notes)
        return entry

    def _add(self, kind: LineKind, number: int, action: LineAction, fault: LineFault | None, entry: dict[str, Any]) -> None:
        self.counts.actions[kind.name, action] += 1
        body: dict[str, Any] = {"file": self.files[kind.name], "line": number, "kind": kind.name, "outcome": action, **entry}
        if fault:
            self.counts.reasons[fault.reason] += 1
            body |= {"reason": fault.reason, **({"field": fault.field} if fault.field else {}), "message": fault.detail or fault.reason.meaning}
        self._entries.add(b"%d\t%010d\t" % (KINDS.index(kind), number) + orjson.dumps(body))

    def write(self, path: Path) -> None:
        """Write the lines in the order of the files. Raises OSError."""
        with path.open("wb") as file:
            file.writelines(entry.split(b"\t", 2)[2] + b"\n" for entry in self._entries.merged())
