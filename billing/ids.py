"""TypeIDs: a prefix that names the kind, and a UUIDv7 in Crockford's base 32 (https://github.com/jetify-com/typeid/tree/main/spec)."""

import re

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def type_id(prefix: str, milliseconds: int, *, entropy: int) -> str:
    """Return an id that sorts by `milliseconds` (since 1970). `entropy` is 74 random bits; the other six are the UUID's version, 7, and variant."""
    uuid = milliseconds << 80 | 7 << 76 | (entropy >> 62 & 0xFFF) << 64 | 2 << 62 | entropy & (1 << 62) - 1
    return f"{prefix}_{''.join(ALPHABET[uuid >> shift & 31] for shift in range(125, -1, -5))}"


# An event: the customer's id without its prefix, which is empty for an event that belongs to no customer, and the event's number.
EVENT_ID = re.compile(r"evt_(?:[0-9a-z]{26})?_[1-9][0-9]{0,17}", re.ASCII)


def prefix_of(identifier: str) -> str:
    """Return the prefix of an id, or "" for a text that cannot be an id."""
    if EVENT_ID.fullmatch(identifier):
        return "evt"
    prefix, _, suffix = identifier.rpartition("_")
    return prefix if len(suffix) == 26 and suffix.isascii() and suffix.isalnum() else ""
