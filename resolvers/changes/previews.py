"""The token of a preview: it pins the instant and the outcome for ten minutes. It is signed, and no row stores it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

import orjson
from strawberry import UNSET

from billing.lifecycle.facts import Decision
from billing.refusals import ErrorCode, Refused
from resolvers.context import Context, payments_of

LIFETIME = timedelta(minutes=10)
EXPIRED = "This preview is no longer valid. Preview again."

PLAIN = (str, int, bool, float)

# Stored hashes are compared with later ones, so this text never changes.
SORTED_JSON = json.JSONEncoder(sort_keys=True)

# Fields of an input that are about the call, and not about its subject.
ABOUT_THE_CALL = ("idempotency_key", "preview_token", "expected_version")


@dataclass(frozen=True, slots=True)
class PinnedPreview:
    """The instant that a preview was made for, and a hash of its outcome."""

    at: datetime
    outcome: str

    def check(self, decision: Decision) -> None:
        """Raise Refused where the decision, made for the same instant, differs from the preview."""
        self.check_outcome(outcome_of(decision))

    def check_outcome(self, outcome: str) -> None:
        """Raise Refused where the hash of the outcome, computed for the same instant, differs from the preview's."""
        if not hmac.compare_digest(outcome, self.outcome):
            raise Refused(ErrorCode.PREVIEW_EXPIRED, EXPIRED, "previewToken")


def pin(arguments: Any, mutation: str, decision: Decision, context: Context) -> str:
    return pin_outcome(arguments, mutation, outcome_of(decision), context)


def pin_outcome(arguments: Any, mutation: str, outcome: str, context: Context) -> str:
    """Return the token of a preview with the hash of its outcome."""
    payload = json.dumps({"what": _subject(arguments, mutation, context), "at": context.now.isoformat(), "outcome": outcome}).encode()
    return base64.urlsafe_b64encode(_seals(payload, context)[0] + payload).decode()


def pinned(arguments: Any, mutation: str, context: Context) -> PinnedPreview | None:
    """Return what the token in an input pins, None without a token. Raises Refused for a token that is expired, forged, or of another call."""
    token = getattr(arguments, "preview_token", None)
    if not token:
        return None
    try:
        raw = base64.urlsafe_b64decode(token.encode())
    except ValueError:
        raw = b""
    seal, payload = raw[:32], raw[32:]
    if not any(hmac.compare_digest(seal, one) for one in _seals(payload, context)):
        raise Refused(ErrorCode.PREVIEW_EXPIRED, EXPIRED, "previewToken")
    preview = json.loads(payload)
    at = datetime.fromisoformat(preview["at"])
    if preview["what"] != _subject(arguments, mutation, context) or not at <= context.now <= at + LIFETIME:
        raise Refused(ErrorCode.PREVIEW_EXPIRED, EXPIRED, "previewToken")
    return PinnedPreview(at, preview["outcome"])


def outcome_of(decision: Decision) -> str:
    """Return a hash of everything that the preview contains: amounts, periods, dates, the state afterwards. With the version before, and for an order the number of
    subscriptions before, so that nothing happens twice by one preview."""
    after = decision.contract
    outcome = {
        "bill": decision.bill,
        "credit": decision.notes,
        "after": [
            after.status,
            after.price_id,
            after.quantity,
            after.period_ends_at,
            after.trial_ends_at,
            after.renews_at,
            after.renewal_minor,
            after.pending_kind,
            after.pending_at,
        ],
        "from": after.version if decision.ordered_before is None else [decision.ordered_before],
    }
    return hash_of_outcome(outcome)


def hash_of_outcome(outcome: Any) -> str:
    """Return the hash of values that may contain days, instants and dataclasses, of which all fields count."""
    return hashlib.sha256(orjson.dumps(outcome)).hexdigest()


def hash_of(arguments: Any, *, without: tuple[str, ...] = ("idempotency_key",)) -> str:
    """Return the hash of an input, independent of the order of its fields. It includes the preview's token: a call with another token is another call."""
    values = {name: value for name, value in vars(arguments).items() if name not in without}
    if values.get("customer_id", "") is None:
        del values["customer_id"]  # calls of customers keep the hashes of the version that did not have the field
    return hash_of_values(_plain(values))


def hash_of_values(values: Any) -> str:
    """Return the hash of JSON values."""
    return hashlib.sha256(SORTED_JSON.encode(values).encode()).hexdigest()


def _subject(arguments: Any, mutation: str, context: Context) -> str:
    return f"{context.viewer.customer_id} {mutation} {hash_of(arguments, without=ABOUT_THE_CALL)}"


def _seals(payload: bytes, context: Context) -> list[bytes]:
    """Return the signatures that are accepted. The first is that of new previews."""
    payments = payments_of(context)
    return [hmac.digest(secret, payload, "sha256") for secret in (payments.preview_secret, *payments.other_preview_secrets)]


def _plain(value: Any) -> Any:
    """Return JSON of a value of an input. A field that is absent is left out, so that it differs from one that is null."""
    if value is None or type(value) in PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items() if item is not UNSET}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return _plain(vars(value))
    return value.isoformat() if isinstance(value, date) else value
