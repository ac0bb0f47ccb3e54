"""Reading what the plan of some customers depends on, in one statement for all of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from billing.rows.contracts import CouponOffer, Offer
from db.importing import ImportConnection
from imports.formats.fields import Field, FieldType
from imports.planning.drafts import CoveredInvoice, ImportCatalog, ImportState, LedgerRecord
from imports.reading.staging import CustomerLines, ImportLine


async def catalog_of(connection: ImportConnection) -> ImportCatalog:
    """Read the prices and coupons."""
    body = await connection.read("imports.catalog")
    offers = {row["code"]: _offer(row) for row in body["prices"] or () if row["code"] is not None}
    by_id = {row["price_id"]: _offer(row) for row in body["prices"] or ()}
    return ImportCatalog(offers, by_id, {row["code"]: _coupon(row) for row in body["coupons"] or ()})


def _offer(row: dict[str, Any]) -> Offer:
    columns = {name: value for name, value in row.items() if name != "code"}
    return Offer(**columns, trial_days=0, is_archived=False)


def _coupon(row: dict[str, Any]) -> CouponOffer:
    until: date | None = None
    return CouponOffer(**row, is_redeemable=True, redeem_until_on=until)


async def state_of(connection: ImportConnection, groups: Sequence[CustomerLines], source: str) -> ImportState:
    """Read the state of the lines of some customers, and of what they name."""
    lines = [line for group in groups for line in group.lines]
    names = {name for line in lines for name in _names(line)} | {("customers", group.customer) for group in groups}
    kinds, ids = [kind for kind, _ in names], [external_id for _, external_id in names]
    body = await connection.read(
        "imports.state",
        source=source,
        kinds=kinds,
        ids=ids,
        customers=[group.customer for group in groups],
        addresses=[line.content["email"].lower() for line in lines if line.kind.name == "customers" and line.content],
        installments=[external_id for kind, external_id in names if kind == "installments"],
        numbers=list(_numbers(lines)),
    )
    return _state(body)


def _state(body: dict[str, Any]) -> ImportState:
    return ImportState(
        records={(kind, name): LedgerRecord(*rest) for kind, name, *rest in body["records"] or ()},
        customers={row["external_id"]: row for row in body["customers"] or ()},
        addresses={email: (customer_id, name) for email, customer_id, name in body["addresses"] or ()},
        subscriptions={name: (version, status, is_held) for name, version, status, is_held in body["subscriptions"] or ()},
        used={(kind, name): (customer_id, target) for kind, name, customer_id, target in body["used"] or ()},
        numbers=frozenset(body["numbers"] or ()),
        invoices={name: CoveredInvoice(*amounts) for name, *amounts in body["invoices"] or ()},
    )


def _names(line: ImportLine) -> Iterator[tuple[str, str]]:
    """Return the external ids of a line and of the lines that it names, with their kinds."""
    yield line.kind.name, line.external_id
    yield from _references(line.content, line.kind.fields)


def _references(content: dict[str, Any], fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    for field in fields:
        value = content.get(field.name)
        if value is None:
            continue
        if field.type is FieldType.REFERENCE:
            yield field.target, value
        elif field.name == "installment" or (field.type is FieldType.EXTERNAL_ID and field.target):
            yield "installments", value
        elif field.type is FieldType.LIST:
            for item in value:
                if field.name == "installments":
                    yield "installments", item["externalId"]
                yield from _references(item, field.fields)


def _numbers(lines: Iterable[ImportLine]) -> Iterator[str]:
    for line in lines:
        if line.kind.name == "invoices" and line.content:
            yield line.content["number"]
            yield from (note["number"] for note in line.content.get("creditNotes", ()))
