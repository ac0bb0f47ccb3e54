"""Names of objects. They say whose they are and tell nothing else; a name is used once, so that whoever cleans up after an attempt never hits another's."""

import re

# What a key may look like, whoever hands it in.
KEY = re.compile(r"(customer|incoming)/cus_[0-9a-z]{1,40}/att_[0-9a-z]{1,40}(-[0-9a-f]{16})?")


def stored(customer_id: str, identifier: str, nonce: str) -> str:
    """Where an attachment's bytes are kept. `nonce` is 16 hex digits."""
    return f"customer/{customer_id}/{identifier}-{nonce}"


def incoming(customer_id: str, identifier: str) -> str:
    """Where a client sends an attachment's bytes by itself."""
    return f"incoming/{customer_id}/{identifier}"


def owner_of(key: str) -> str:
    """The customer whose object it is. `key` is one of ours."""
    return key.split("/")[1]
