"""Why an object of Stripe is not in the folder, or not entirely. The names are stable: programs may decide by them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import auto
from typing import Any, TextIO

import orjson

from billing.states import UpperStrEnum


class SkipReason(UpperStrEnum):
    """SKIPPED objects are not in the folder; of ADAPTED ones a part is left out or different, which the reason says."""

    # Prices and products
    ONE_TIME_PRICE = auto()
    METERED_PRICE = auto()
    TIERED_PRICE = auto()
    CUSTOMER_CHOOSES_AMOUNT = auto()
    QUANTITY_TRANSFORMED = auto()
    FRACTION_OF_MINOR_UNIT = auto()
    PRODUCT_NOT_READ = auto()
    PRODUCT_WITHOUT_PRICES = auto()
    INVALID_ITEM = auto()
    # Coupons
    COUPON_CODE_TAKEN = auto()
    COUPON_FOR_PRODUCTS = auto()
    COUPON_IN_OTHER_CURRENCIES = auto()
    # Customers
    CUSTOMER_DELETED = auto()
    CUSTOMER_WITHOUT_EMAIL = auto()
    AUTOMATIC_TAX = auto()
    SEVERAL_TAX_RATES = auto()
    TEST_CLOCK = auto()
    # Payment methods
    METHOD_OF_OTHER_KIND = auto()
    METHOD_IS_A_SOURCE = auto()
    # Subscriptions
    CUSTOMER_NOT_READ = auto()
    SUBSCRIPTION_INCOMPLETE = auto()
    SEVERAL_ITEMS = auto()
    SEVERAL_DISCOUNTS = auto()
    COUPON_NOT_READ = auto()
    PRICE_NOT_TAKEN = auto()
    QUANTITY_OUT_OF_RANGE = auto()
    OTHER_CURRENCY = auto()
    SCHEDULE_NOT_REPRESENTABLE = auto()
    CANCEL_DATE_MOVED = auto()
    INVOICES_ARE_SENT = auto()
    UNPAID_UPDATE_LEFT_OUT = auto()
    PAUSE_LEFT_OUT = auto()
    # Invoices and payments
    DRAFT_INVOICE = auto()
    INVOICE_WITHOUT_NUMBER = auto()
    NEGATIVE_INVOICE = auto()
    AMOUNTS_DO_NOT_ADD_UP = auto()
    PAYMENT_FAILED = auto()
    PAYMENT_NOT_CAPTURED = auto()
    PAYMENT_WITHOUT_INVOICE = auto()
    DISPUTE_LEFT_OUT = auto()
    CREDIT_NOTE_VOID = auto()
    CREDIT_NOTE_PAID_OUT_ELSEWHERE = auto()
    CREDIT_NOTE_WITH_SEVERAL_REFUNDS = auto()
    CREDIT_NOTE_WITHOUT_REFUND = auto()
    REFUND_WITHOUT_CREDIT_NOTE = auto()


@dataclass(slots=True)
class Skipped:
    """The file `skipped.jsonl`, and how often each reason stands in it."""

    file: TextIO
    counts: Counter[SkipReason] = field(default_factory=Counter)

    def skip(self, thing: Mapping[str, Any], reason: SkipReason, detail: str = "") -> None:
        self._write("SKIPPED", thing, reason, detail)

    def adapt(self, thing: Mapping[str, Any], reason: SkipReason, detail: str = "") -> None:
        self._write("ADAPTED", thing, reason, detail)

    def _write(self, outcome: str, thing: Mapping[str, Any], reason: SkipReason, detail: str) -> None:
        self.counts[reason] += 1
        line = {"outcome": outcome, "object": thing.get("object"), "id": thing.get("id"), "reason": reason, "detail": detail}
        self.file.write(orjson.dumps(line).decode() + "\n")
