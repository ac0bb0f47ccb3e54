"""Why a line was skipped, or what should be looked at in one that was imported: stable codes, each with its meaning."""

import textwrap
from collections.abc import Iterable
from enum import StrEnum


class ImportReason(StrEnum):
    """A code with its meaning, as docs/import/reasons.md prints it."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> "ImportReason":
        member = str.__new__(cls, value)
        member._value_, member.meaning = value, meaning
        return member

    # The file.
    WRONG_ENCODING = (
        "WRONG_ENCODING",
        "The line, or the file from its first line on, is not UTF-8. Convert the file, for example with `iconv -f UTF-16 -t UTF-8`.",
    )
    BROKEN_JSON = "BROKEN_JSON", "The line is not one JSON object. One object stands on one line."
    BROKEN_CSV = "BROKEN_CSV", "The row has another number of cells than the first line, or a quote that does not end."
    LINE_TOO_LONG = "LINE_TOO_LONG", "The line has more than 1 MB."
    UNKNOWN_FIELD = "UNKNOWN_FIELD", "The kind has no field of this name. It may be misspelled."
    # A value.
    MISSING_FIELD = "MISSING_FIELD", "A field that is needed is absent, null or empty."
    MISSING_EMAIL = "MISSING_EMAIL", "A customer needs an e-mail address: it signs in, and invoices go there."
    INVALID_VALUE = "INVALID_VALUE", "The value has another type, length or range than the field has."
    INVALID_EXTERNAL_ID = "INVALID_EXTERNAL_ID", "An external id has 1 to 200 printable characters."
    INVALID_EMAIL = "INVALID_EMAIL", "This is not an e-mail address."
    INVALID_AMOUNT = "INVALID_AMOUNT", "An amount is an integer of minor units, or a decimal text with at most the decimals of its currency."
    FLOAT_AMOUNT = "FLOAT_AMOUNT", "JSON numbers with a fraction lose cents in other programs. Write the amount as an integer of minor units, or as text."
    INVALID_DATE = "INVALID_DATE", "A day is written 2026-01-31, a month 2026-01, and an instant 2026-01-31T09:30:00Z."
    INSTANT_WITHOUT_OFFSET = "INSTANT_WITHOUT_OFFSET", "A time of day needs an offset or `Z`, or it could be any of 38 instants."
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY", "There is no such currency in ISO 4217."
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE", "There is no such time zone in IANA's database."
    UNKNOWN_COUNTRY = "UNKNOWN_COUNTRY", "There is no such country in ISO 3166-1."
    UNKNOWN_LOCALE = "UNKNOWN_LOCALE", "There is no such language tag in BCP 47."
    # Other lines.
    DUPLICATE_ID = "DUPLICATE_ID", "Another line of the kind has this external id; the first one counts."
    DUPLICATE_EMAIL = "DUPLICATE_EMAIL", "Another customer has this address; the first one counts. Merge them in the source, or set `allowSharedEmail`."
    DUPLICATE_NUMBER = "DUPLICATE_NUMBER", "Another document has this number."
    EXTERNAL_ID_TAKEN = "EXTERNAL_ID_TAKEN", "Something that this source did not import has the external id: a mutation made it, or another source."
    MISSING_CUSTOMER = "MISSING_CUSTOMER", "The files and the database have no customer of this external id."
    MISSING_DEPENDENCY = "MISSING_DEPENDENCY", "The customer has no line, and nothing that was imported before, of the external id that this line names."
    DEPENDENCY_SKIPPED = "DEPENDENCY_SKIPPED", "The line that this one names was skipped."
    CUSTOMER_ERASED = "CUSTOMER_ERASED", "The customer's data were erased. They are not imported again."
    MOVED_CUSTOMER = "MOVED_CUSTOMER", "The line was imported for another customer before. What a customer has never moves to another one."
    # The catalog.
    UNKNOWN_PRICE = "UNKNOWN_PRICE", "The catalog has no price of this code. `./portico catalog export` prints what it has."
    UNKNOWN_COUPON = "UNKNOWN_COUPON", "The catalog has no coupon of this code."
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH", "Its currency is not that of what it belongs to."
    # Subscriptions.
    INVALID_PERIOD = "INVALID_PERIOD", "The dates of the period, trial, pause or pending change are absent, or not in their order."
    PERIOD_LAPSED = "PERIOD_LAPSED", "The running period is over. Export the line again: past periods are never billed, so the source says which one runs."
    ANCHOR_AMBIGUOUS = "ANCHOR_AMBIGUOUS", "The period ends on the last day of a short month, which may stand for a later day. Write `anchorDay`."
    ANCHOR_MISMATCH = "ANCHOR_MISMATCH", "Counted from the anchor, no period has these boundaries."
    # Money.
    LINES_DO_NOT_ADD_UP = "LINES_DO_NOT_ADD_UP", "The amounts of the lines, the tax and the total contradict each other."
    OVERPAID = "OVERPAID", "More was paid, credited or refunded than there is."
    MORE_THAN_INVOICE = "MORE_THAN_INVOICE", "The installments of an invoice come to more than the invoice, or more of them is unpaid than of the invoice."
    UNPAID = "UNPAID", "It is closed in the source, but payments and credits do not cover it."
    NOT_ALLOCATED = "NOT_ALLOCATED", "A payment that succeeded has to be the sum of its allocations and of the credit that it left."
    # The processor.
    REFERENCE_INVALID = "REFERENCE_INVALID", "The processor's references have another form: `cus_…` and `pm_…` at Stripe. Numbers of cards are never imported."
    REFERENCE_UNKNOWN = "REFERENCE_UNKNOWN", "The processor does not know this method, or it belongs to another customer there."
    PROCESSOR_UNAVAILABLE = "PROCESSOR_UNAVAILABLE", "The processor did not answer. The next run tries again."
    # Documents.
    DOCUMENT_MISSING = "DOCUMENT_MISSING", "There is no such PDF below the folder, or it is not a PDF."
    # Reruns.
    ALREADY_RELEASED = "ALREADY_RELEASED", "The subscription was released or changed since, so this portal decides about it. Change it there."
    NOT_CHANGEABLE = "NOT_CHANGEABLE", "The line was changed after its import, and an invoice, payment, credit, schedule or reference is never overwritten."
    CHANGED_MEANWHILE = "CHANGED_MEANWHILE", "Somebody changed the customer while it was imported. The next run looks again."
    NOT_REACHED = "NOT_REACHED", "The run ended before this line. The next one imports it."
    REFUSED_BY_DATABASE = "REFUSED_BY_DATABASE", "The database refused the rows of the customer, so none was written. The log has the constraint."
    # Notes on lines that were imported.
    CARD_EXPIRED = "CARD_EXPIRED", "Imported, but the card has expired."
    CARD_EXPIRES_SOON = "CARD_EXPIRES_SOON", "Imported; the card expires within 31 days."
    SECOND_OF_PLAN = "SECOND_OF_PLAN", "Imported, but the customer has another running subscription of the plan. Check that it is meant before the release."
    NO_METHOD = "NO_METHOD", "Imported, but nothing can be charged, so it cannot be released before there is a payment method."
    NOT_VERIFIED = "NOT_VERIFIED", "Imported without a question to the processor, because it is not configured here."


NOTES = frozenset({ImportReason.CARD_EXPIRED, ImportReason.CARD_EXPIRES_SOON, ImportReason.SECOND_OF_PLAN, ImportReason.NO_METHOD, ImportReason.NOT_VERIFIED})


class LineFault(Exception):
    """A fault of a line: its code, the field, and what is wrong in words."""

    def __init__(self, reason: ImportReason, field: str = "", detail: str = "") -> None:
        super().__init__(reason, field, detail)
        self.reason, self.field, self.detail = reason, field, detail


PAGE = """\
# The reasons of an import

Made by `./portico import-format --reasons`. Codes are stable. Each stands in `report.jsonl` with the file and the line,
and in the ledger, which `imports` shows to staff.

"""


def reasons_page() -> str:
    """Return the page of all codes in Markdown."""
    sections = (
        ("Why a line is skipped", [each for each in ImportReason if each not in NOTES]),
        ("What to look at in a line that is imported", [each for each in ImportReason if each in NOTES]),
    )
    return PAGE + "\n".join(f"## {title}\n\n{_list(reasons)}" for title, reasons in sections)


def _list(reasons: Iterable[ImportReason]) -> str:
    return "".join(
        textwrap.fill(f"- `{reason}`: {reason.meaning}", 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) + "\n"
        for reason in reasons
    )
