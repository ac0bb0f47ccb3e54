"""Which selections the revisions cover: then one statement gives the revision of an answer, and the interval in which time does not change it."""

from dataclasses import dataclass, field

from db.blocks import PARAMETER, Block, blocks

CATALOG = "catalog"
# By row type and column, the instants at which time changes the value, apart from the beginning of the customer's day: names of parameters of `revisions.of_answer`.
INSTANTS: dict[str, dict[str, tuple[str, ...]]] = {
    "InvoiceRow": {
        "file_count": ("files",),
        "promise_state": ("promises",),
        "promised_on": ("promises",),
        "promise_note": ("promises",),
        "awaited_on": ("promises",),
        "is_retryable": ("collections",),
    },
    "PaymentScheduleRow": {"file_count": ("files",)},
    # Which payment is the next one depends on all columns, whichever of them are selected.
    "NextPaymentRow": dict.fromkeys(("customer_id", "due_on", "amount_minor", "currency", "kind", "source_id"), ("pauses",)),
}
# Columns that change while no revision does: what depends on the session of the caller, and counts of what other customers do.
NOT_COVERED = {"CustomerRow": {"calendar_secret"}, "DataExportRow": {"is_downloadable"}, "CouponRow": {"redeemed_count"}}


@dataclass(slots=True)
class ReadBlocks:
    """The blocks of a statement, and of each block the columns that are selected."""

    columns: dict[Block, set[str]] = field(default_factory=dict)

    def add(self, block: Block) -> set[str]:
        """Note a block, and return the set to which its selected columns are added."""
        return self.columns.setdefault(block, set())

    @property
    def is_covered(self) -> bool:
        return all(block.revised_by and not names & NOT_COVERED.get(block.returns, set()) for block, names in self.columns.items())

    @property
    def is_of_catalog(self) -> bool:
        return any(CATALOG in block.revised_by for block in self.columns)

    @property
    def instants(self) -> frozenset[str]:
        """Return the names of the instants at which time may change the answer."""
        return frozenset(name for block, columns in self.columns.items() for column in columns for name in INSTANTS.get(block.returns, {}).get(column, ()))


def statement_for(selection: ReadBlocks) -> str:
    """Return the statement that selects an AnswerRevision for a selection that is covered. Its parameter is `customer_id`."""
    flags = selection.instants | ({"with_catalog"} if selection.is_of_catalog else set())
    return PARAMETER.sub(lambda match: match[0] if match[1] == "customer_id" else str(match[1] in flags).lower(), blocks()["revisions.of_answer"].sql)
