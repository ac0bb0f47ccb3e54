"""Portico's own wording of lines of invoices and credit notes: a kind of sentence and its subject, so that PDFs can have it in the buyer's language."""

from dataclasses import dataclass
from enum import StrEnum


class WordingKind(StrEnum):
    REMAINING_TIME = "REMAINING_TIME"
    UNUSED_TIME = "UNUSED_TIME"
    REFUND = "REFUND"


ENGLISH = {
    WordingKind.REMAINING_TIME: "Remaining time on {}",
    WordingKind.UNUSED_TIME: "Unused time on {}",
    WordingKind.REFUND: "Refund for invoice {}",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence of a line. `subject` is the name of a plan, with its quantity, or the number of an invoice."""

    kind: WordingKind
    subject: str

    @property
    def english(self) -> str:
        """Return the description in the API."""
        return ENGLISH[self.kind].format(self.subject)
