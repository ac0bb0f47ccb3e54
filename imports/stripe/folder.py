"""Writes the import folder, the catalog and `skipped.jsonl` from a spool. The result depends on the spool alone, so a run that was killed here begins again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from typing import BinaryIO

import orjson

from billing.catalog.items import CatalogItem, catalog_of
from imports.stripe.grouping import bundles
from imports.stripe.mapping.account import Lines, SharedFacts
from imports.stripe.mapping.coupons import coupons_of
from imports.stripe.mapping.customer_lines import lines_of_customer
from imports.stripe.mapping.prices import plans_of, prices_by_code
from imports.stripe.mapping.reasons import Skipped, SkipReason
from imports.stripe.spool import Spool, write_whole
from resolvers.catalog.file_export import catalog_text

KINDS = tuple(field.name for field in fields(Lines))
SKIPPED = "skipped.jsonl"


@dataclass(slots=True)
class FolderResult:
    """How many lines each kind has, and how often what was skipped or adapted for which reason."""

    lines: Counter[str] = field(default_factory=Counter)
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    plans: int = 0
    prices: int = 0


def write_folder(spool: Spool, *, time_zone: str, documents: frozenset[str] = frozenset()) -> FolderResult:
    """Write the files beside the spool, each replaced as a whole, and mark the spool as finished."""
    out, result = spool.folder.parent, FolderResult()
    paths = {name: out / f"{name}.jsonl.partial" for name in KINDS}
    with ExitStack() as files:
        skipped = Skipped(files.enter_context((out / f"{SKIPPED}.partial").open("w", encoding="utf-8")))
        items, shared = _catalog(spool, skipped, time_zone=time_zone, documents=documents)
        handles = {name: files.enter_context(path.open("wb")) for name, path in paths.items()}
        for customers, others in bundles(spool):
            for one in others:
                skipped.skip(one, SkipReason.CUSTOMER_NOT_READ)
            for bundle in customers:
                _write(lines_of_customer(bundle, shared, skipped), handles, result)
    write_whole(out / "catalog.yaml", catalog_text(catalog_of(items)).encode())
    for path in (*paths.values(), out / f"{SKIPPED}.partial"):
        path.replace(path.with_suffix(""))
    result.skipped, result.prices = skipped.counts, len(shared.prices)
    spool.is_finished = True
    spool.save()
    return result


def _catalog(spool: Spool, skipped: Skipped, *, time_zone: str, documents: frozenset[str]) -> tuple[list[CatalogItem], SharedFacts]:
    prices = list(spool.read("prices"))
    plans = plans_of(spool.read("products"), prices, skipped)
    in_use = [
        discount["source"]["coupon"]
        for one in spool.read("subscriptions")
        for discount in one.get("discounts", [])
        if isinstance(discount, dict) and isinstance((discount.get("source") or {}).get("coupon"), dict)
    ]
    coupons = coupons_of(spool.read("coupons"), in_use, skipped)
    shared = SharedFacts(
        prices=prices_by_code(plans),
        price_things={price["id"]: price for price in prices},
        coupons=coupons,
        tax_rates={rate["id"]: rate for rate in spool.read("tax_rates")},
        currency=spool.currency,
        time_zone=time_zone,
        read_at=spool.read_at,
        documents=documents,
    )
    return [*plans, *coupons.values()], shared


def _write(lines: Lines | None, handles: Mapping[str, BinaryIO], result: FolderResult) -> None:
    for name in KINDS if lines else ():
        some: Iterable[dict[str, object]] = getattr(lines, name)
        for one in some:
            handles[name].write(orjson.dumps(one) + b"\n")
            result.lines[name] += 1
