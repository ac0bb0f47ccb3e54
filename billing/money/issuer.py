"""Who issues invoices: the merchant as it is printed on them. Copied onto each document when it is issued."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InvoiceIssuer:
    """`address` and `footer` are lines."""

    name: str
    address: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
