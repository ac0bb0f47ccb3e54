"""The mutations of the merchant's catalog, for staff."""

from typing import Any

import strawberry

from auth import permissions
from billing.catalog.items import ItemKind
from resolvers.catalog import mutations
from schema.payloads import catalog
from schema.payloads.operations import idempotent_mutation

SAVE = (
    "For staff: create {}, or change the one with this id or code. An absent field stays as it is, null gives its default; the same call again is UNCHANGED. {}"
)
ARCHIVE = "For staff: {} The same call again is UNCHANGED. NOT_FOUND."


def _save(kind: ItemKind, input_type: Any, payload_type: Any, noun: str, codes: str) -> Any:
    name = f"save{mutations.NAMES[kind]}"
    return idempotent_mutation(
        mutations.saving(kind),
        name=name,
        input_type=input_type,
        payload_type=payload_type,
        permission=permissions.CATALOG,
        description=SAVE.format(noun, codes),
    )


def _archive(kind: ItemKind, payload_type: Any, description: str) -> Any:
    name = f"archive{mutations.NAMES[kind]}"
    return idempotent_mutation(
        mutations.archiving(kind),
        name=name,
        input_type=catalog.ArchiveInput,
        payload_type=payload_type,
        permission=permissions.CATALOG,
        description=ARCHIVE.format(description),
    )


@strawberry.type(description="The merchant's catalog.")
class CatalogMutations:
    save_plan = _save(ItemKind.PLAN, catalog.SavePlanInput, catalog.PlanPayload, "a plan", "INVALID_VALUE, NOT_FOUND.")
    save_price = _save(
        ItemKind.PRICE,
        catalog.SavePriceInput,
        catalog.PricePayload,
        "a price",
        "A price is never edited: another amount, currency or interval makes a new version with another id, to which the code moves. "
        "INVALID_VALUE, NOT_FOUND, WRONG_STATE: a price stays with its plan. CURRENCY_MISMATCH: AT_RENEWAL with another currency.",
    )
    save_coupon = _save(
        ItemKind.COUPON, catalog.SaveCouponInput, catalog.CouponPayload, "a coupon", "INVALID_VALUE, NOT_FOUND, WRONG_STATE: what it takes off never changes."
    )
    save_cancellation_option = _save(
        ItemKind.CANCELLATION_OPTION,
        catalog.SaveCancellationOptionInput,
        catalog.CancellationOptionPayload,
        "a cancellation option",
        "INVALID_VALUE, NOT_FOUND.",
    )
    archive_plan = _archive(ItemKind.PLAN, catalog.PlanPayload, "sell a plan no longer. Running subscriptions go on.")
    archive_price = _archive(ItemKind.PRICE, catalog.PricePayload, "offer a price no longer. Running subscriptions keep it.")
    archive_coupon = _archive(ItemKind.COUPON, catalog.CouponPayload, "let nobody redeem a coupon any more. Where it runs it goes on.")
    archive_cancellation_option = _archive(ItemKind.CANCELLATION_OPTION, catalog.CancellationOptionPayload, "offer a cancellation option no longer.")
