"""The measured mutations, and the requests of one turn of each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.writes import forms
from bench.writes.data import INVOICES, PRICES, open_invoice

COUNTER = "@" * 8
UPLOADS = 64
TEXT = "{kind} {mutation}($input: {type}!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ code message }} }} }}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a mutation by the customer whose ids end with `key`."""

    mutation: str
    key: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """What is measured. `calls` are those of one turn, in their order, for the customers with these keys in the round of this number, from 0 on.

    `file_type` is the media type of the file that each call sends, if any.
    """

    name: str
    calls: Callable[[list[str], int], list[Call]]
    file_type: str = ""


SELECTIONS = {
    "pauseSubscription": "subscription { id status version renewsAt }",
    "resumeSubscription": "subscription { id status version renewsAt }",
    "updateProfile": "customer { id version name }",
    "payInvoice": "invoice { id status version } payment { id status }",
    "previewChangePlan": "preview { effectiveAt status amountDue { amount } lines { description total { amount } } previewToken }",
    "changePlan": "subscription { id status version renewsAt } payment { id status }",
    "uploadAttachments": "attachments { id fileName contentType sizeBytes status }",
}


def _pause_and_resume(keys: list[str], nth: int) -> list[Call]:
    """Pause all subscriptions, then resume all: when the first one is resumed, its pause was answered long before."""
    pauses = [Call("pauseSubscription", key, _keyed({"subscriptionId": f"sub_{key}", "when": "NOW"}, nth)) for key in keys]
    return pauses + [Call("resumeSubscription", key, _keyed({"subscriptionId": f"sub_{key}"}, nth)) for key in keys]


def _profiles(keys: list[str], nth: int) -> list[Call]:
    return [Call("updateProfile", key, {"name": f"Grace {nth:02} {COUNTER}"}) for key in [*keys, *keys]]


def _payments(keys: list[str], nth: int) -> list[Call]:
    return [Call("payInvoice", key, _keyed({"invoiceId": open_invoice(key, nth + 1)}, nth)) for key in keys]


def _changes(keys: list[str], nth: int) -> list[Call]:
    """Change to a more expensive plan in each round, so that each change is charged."""
    return [Call("changePlan", key, _keyed({"subscriptionId": f"sub_{key}", "priceId": f"price_write{nth + 1}"}, nth)) for key in keys]


def _previews(keys: list[str], nth: int) -> list[Call]:
    """Preview a change to a plan that no round changes to."""
    return [Call("previewChangePlan", key, _keyed({"subscriptionId": f"sub_{key}", "priceId": f"price_write{PRICES - 1}"}, nth)) for key in keys]


def _uploads(keys: list[str], nth: int) -> list[Call]:
    """Attach a file to an invoice. Fewer customers do it than change rows, because every file is synced to the disk."""
    return [Call("uploadAttachments", key, _keyed({"parentId": open_invoice(key, nth + 1), "files": [None]}, nth)) for key in keys[:UPLOADS]]


def _documents(keys: list[str], nth: int) -> list[Call]:
    """Attach another file to another invoice."""
    return [Call("uploadAttachments", key, _keyed({"parentId": open_invoice(key, nth + 1), "files": [None]}, INVOICES + nth)) for key in keys[:UPLOADS]]


def _keyed(arguments: dict[str, Any], nth: int) -> dict[str, Any]:
    return {**arguments, "idempotencyKey": f"{nth:04}-{COUNTER}"}


PAUSE_AND_RESUME = Operation("pauseSubscription, resumeSubscription", _pause_and_resume)
PROFILE = Operation("updateProfile", _profiles)
PAY_INVOICE = Operation("payInvoice", _payments)
PREVIEW = Operation("previewChangePlan", _previews)
CHANGE_PLAN = Operation("changePlan", _changes)
PICTURE = Operation("uploadAttachments, a picture of 1 MB", _uploads, forms.PICTURE)
DOCUMENT = Operation("uploadAttachments, a PDF of 1 MB", _documents, forms.PDF)
OPERATIONS = (PAUSE_AND_RESUME, PROFILE, PAY_INVOICE, PREVIEW, CHANGE_PLAN, PICTURE, DOCUMENT)


def body(call: Call) -> str:
    """Return the request of a call in Portico's schema."""
    name = call.mutation.removeprefix("preview")
    type_name = name[0].upper() + name[1:] + "Input"
    kind = "query" if call.mutation.startswith("preview") else "mutation"
    document = TEXT.format(kind=kind, mutation=call.mutation, type=type_name, selection=SELECTIONS[call.mutation])
    return json.dumps({"query": document, "operationName": call.mutation, "variables": {"input": call.arguments}})
