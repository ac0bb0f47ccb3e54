"""The semantic model of EN 16931, as far as invoices and credit notes of Portico need it. BT and BG are the numbers of its terms and groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing.postal_addresses import PostalAddress


class DocumentType(StrEnum):
    """BT-3, by the codes of UNTDID 1001."""

    INVOICE = "380"
    CREDIT_NOTE = "381"


class TaxCategory(StrEnum):
    """BT-151, by the codes of UNTDID 5305."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    NO_TAX = "O"


@dataclass(frozen=True, slots=True)
class TradeParty:
    """The seller (BG-4) or the buyer (BG-7). `vat_number` begins with its country, `tax_number` is another number for tax; `contact` is a person of a company."""

    name: str
    postal: PostalAddress | None
    vat_number: str | None = None
    tax_number: str | None = None
    registration: str | None = None
    email: str | None = None
    phone: str | None = None
    contact: str | None = None
    legal_text: str | None = None


@dataclass(frozen=True, slots=True)
class DayRange:
    """A period (BG-14, BG-26), from its first to its last day."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class TradeLine:
    """A line (BG-25). `price_minor` is without tax and never negative, for `price_quantity` units: a line that credits has a negative quantity. `discount_minor` is taken
    off, or added if negative."""

    number: int
    name: str
    quantity: int
    price_minor: int
    price_quantity: int
    discount_minor: int
    net_minor: int
    category: TaxCategory
    rate_ppm: int
    days: DayRange | None


@dataclass(frozen=True, slots=True)
class CategorySum:
    """The net and the tax of the lines of one category and rate (BG-23)."""

    category: TaxCategory
    rate_ppm: int
    net_minor: int
    tax_minor: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class CorrectedDocument:
    """The invoice that a credit note corrects (BG-3)."""

    number: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """What was settled (BT-113), what is due (BT-115) and when (BT-9), in words (BT-20), and the account for a bank transfer (BG-17)."""

    settled_minor: int
    due_minor: int
    due_on: date | None = None
    text: str | None = None
    iban: str | None = None
    bic: str | None = None


@dataclass(frozen=True, slots=True)
class EInvoice:
    """An invoice or a credit note. `discount` is the word for a discount on a line."""

    type: DocumentType
    number: str
    issued_on: date
    currency: str
    seller: TradeParty
    buyer: TradeParty
    lines: Sequence[TradeLine]
    taxes: Sequence[CategorySum]
    terms: PaymentTerms
    days: DayRange | None = None
    corrected: CorrectedDocument | None = None
    discount: str = "Discount"

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(one.tax_minor for one in self.taxes)

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor
