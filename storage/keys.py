"""Object keys. A key contains the customer's id and no other information. It is used once, so that the clean-up after an attempt never removes another's object."""

import re

# The form of every key.
KEY = re.compile(r"(customer|incoming)/cus_[0-9a-z]{1,40}/(?:att|exp|doc)_[0-9a-z]{1,40}(-[0-9a-f]{16})?")


def stored(customer_id: str, identifier: str, nonce: str) -> str:
    """Return the key of the stored bytes of an attachment or an export. `nonce` is 16 hex digits."""
    return f"customer/{customer_id}/{identifier}-{nonce}"


def incoming(customer_id: str, identifier: str) -> str:
    """Return the key to which a client sends an attachment's bytes directly."""
    return f"incoming/{customer_id}/{identifier}"


def owner_of(key: str) -> str:
    """Return the customer id of one of our keys."""
    return key.split("/")[1]
