"""The syntax of e-mail addresses, for all modules that read or write them."""

import re
from email.errors import HeaderParseError
from email.headerregistry import Address

# Octets, RFC 5321 §4.5.3.1: a local part, one label of the domain (RFC 1035 §2.3.4), and a path without its angle brackets.
MAX_LOCAL = 64
MAX_LABEL = 63
MAX_ADDRESS = 254
# No display name, no quotes, no comments, and only one address.
MAILBOX = re.compile(r"""([^\s@<>()\[\]\\,;:"]+)@([^\s@<>()\[\]\\,;:"]+)""")
NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def is_address(text: str) -> bool:
    """Return whether a text has the syntax of one mailbox, `local@domain`, in any script. Only a letter can show whether the mailbox exists."""
    parts = MAILBOX.fullmatch(text)
    if parts is None or not text.isprintable() or len(text.encode()) > MAX_ADDRESS:
        return False
    local, domain = parts[1], parts[2]
    return len(local.encode()) <= MAX_LOCAL and all(len(label.encode()) <= MAX_LABEL for label in domain.split(".")) and _is_well_formed(text)


def _is_well_formed(address: str) -> bool:
    """Return whether the standard library accepts the address by RFC 5322. It accepts only ASCII, so letters of other scripts, which RFC 6532 allows, are replaced by "x" first."""
    try:
        Address(addr_spec=NOT_ASCII.sub("x", address))
    except (ValueError, IndexError, HeaderParseError):
        return False
    return True
