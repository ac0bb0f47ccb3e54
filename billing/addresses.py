"""What an e-mail address may be, for everybody who takes or writes one."""

import re
from email.errors import HeaderParseError
from email.headerregistry import Address

# Octets, RFC 5321 §4.5.3.1: a local part, one label of the domain (RFC 1035 §2.3.4), and a path without its angle brackets.
MAX_LOCAL = 64
MAX_LABEL = 63
MAX_ADDRESS = 254
# No display name, no quotes, no comments, no second one.
MAILBOX = re.compile(r"""([^\s@<>()\[\]\\,;:"]+)@([^\s@<>()\[\]\\,;:"]+)""")
NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def is_address(text: str) -> bool:
    """Whether it is written like one mailbox, `local@domain`, in any script; whether there is one, only a letter will show."""
    parts = MAILBOX.fullmatch(text)
    if parts is None or not text.isprintable() or len(text.encode()) > MAX_ADDRESS:
        return False
    local, domain = parts[1], parts[2]
    return len(local.encode()) <= MAX_LOCAL and all(len(label.encode()) <= MAX_LABEL for label in domain.split(".")) and _is_well_formed(text)


def _is_well_formed(address: str) -> bool:
    """By the standard library's reading of RFC 5322, which knows only ASCII; addresses by RFC 6532 put letters of all scripts where those put letters."""
    try:
        Address(addr_spec=NOT_ASCII.sub("x", address))
    except (ValueError, IndexError, HeaderParseError):
        return False
    return True
