"""The issuer of invoices: the merchant's details that they print. They are copied to each document when it is issued."""

from dataclasses import asdict, dataclass
from typing import Any

from billing.postal_addresses import PostalAddress


@dataclass(frozen=True, slots=True)
class IssuerDetails:
    """What an e-invoice needs of the merchant in fields of its own, and documents print too. `registration` is the number in a public register; `iban` and `bic`
    are the account to which customers transfer money."""

    postal: PostalAddress | None = None
    registration: str | None = None
    email: str | None = None
    phone: str | None = None
    iban: str | None = None
    bic: str | None = None


NO_DETAILS = IssuerDetails()


@dataclass(frozen=True, slots=True)
class InvoiceIssuer:
    """The merchant's details. `address` and `footer` are lines; the country of `details.postal` is not among them, because it is printed in the customer's language."""

    name: str
    address: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    details: IssuerDetails = NO_DETAILS

    def columns(self) -> dict[str, Any]:
        """Return the columns of a document's snapshot, by name."""
        values = {name: getattr(self, name) for name in ("name", "address", "tax_ids", "footer")}
        details = asdict(self.details)
        postal = details.pop("postal") or {}
        return {f"issuer_{name}": value for name, value in (values | details | postal).items()}
