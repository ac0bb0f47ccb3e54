"""Reasons why a request is not authenticated: a word for the log, and a sentence that is sent outside of production. Neither contains a part of the token."""

from enum import StrEnum

from billing.refusals import Unauthenticated


class Reason(StrEnum):
    """The reason why a request's token is refused, in the order of the checks."""

    MISSING = "missing"
    SCHEME = "scheme"
    MALFORMED = "malformed"
    ISSUER = "issuer"
    TYPE = "type"
    AUDIENCE = "audience"
    CLAIM_MISSING = "claim_missing"
    CLAIM_INVALID = "claim_invalid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    ALGORITHM = "algorithm"
    KEY_UNKNOWN = "key_unknown"
    SIGNATURE = "signature"
    CLIENT_DISABLED = "client_disabled"
    SESSION_ENDED = "session_ended"
    UNKNOWN_CUSTOMER = "unknown_customer"


# `{claim}` is the name of a claim, `{expected}` the value that the settings require.
HINTS = {
    Reason.MISSING: "No access token was sent. Send `Authorization: Bearer <token>`.",
    Reason.SCHEME: "The Authorization header must be `Bearer <token>`, with one token of at most {expected} bytes.",
    Reason.MALFORMED: "The access token is not a signed JWT in compact form (RFC 7519), or a header parameter of it is not accepted.",
    Reason.ISSUER: "The access token's issuer (`iss`) is not accepted. Accepted, to the letter: {expected}.",
    Reason.TYPE: "The access token's `typ` header must be {expected}. An ID token is not an access token.",
    Reason.AUDIENCE: "The access token is for another audience: `aud` must contain {expected}.",
    Reason.CLAIM_MISSING: "The access token has no claim `{claim}`.",
    Reason.CLAIM_INVALID: "The access token's claim `{claim}` has a value of the wrong type or length, or a character that cannot be stored.",
    Reason.EXPIRED: "The access token has expired (`exp`).",
    Reason.NOT_YET_VALID: "The access token is not valid yet (`{claim}`). Compare the clocks of the issuer and of this server.",
    Reason.ALGORITHM: "The access token is signed with an algorithm that its issuer does not use here. Configured: {expected}.",
    Reason.KEY_UNKNOWN: "The issuer has no key for the access token's `kid` and `alg`.",
    Reason.SIGNATURE: "The access token's signature was not made with the issuer's key.",
    Reason.CLIENT_DISABLED: "The app that the access token was issued to is disabled.",
    Reason.SESSION_ENDED: "The access token's session or grant has ended.",
    Reason.UNKNOWN_CUSTOMER: "The access token is valid, but the customer that it names does not exist here.",
}


class NotValid(ValueError):
    """A token that is refused: the reason, the claim, and the value that the settings require. `detail` is for tests."""

    def __init__(self, reason: Reason, detail: str = "", *, claim: str = "", expected: str = "") -> None:
        super().__init__(" ".join(word for word in (reason, claim, detail) if word))
        self.reason = reason
        self.claim = claim
        self.expected = expected


def unauthenticated(reason: Reason, *, claim: str = "", expected: str = "") -> Unauthenticated:
    """Return the refusal of a request for this reason."""
    return Unauthenticated(reason.value, HINTS[reason].format(claim=claim, expected=expected), claim)


def quoted(*names: str) -> str:
    """Return names in backticks, separated by commas; for `expected`."""
    return ", ".join(f"`{name}`" for name in names)
