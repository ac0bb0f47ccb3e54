"""Which page of the portal a link may lead to."""

import re
from urllib.parse import unquote

MAX_CHARACTERS = 500
# A path and perhaps a query of RFC 3986, without the fragment: the link's own secret stands behind the only # there is.
WRITTEN = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+")
# Backslashes are slashes to browsers, two slashes begin another host, dots leave the folder.
ELSEWHERE = re.compile(r"[\\#]|//|(?:^|/)\.\.?(?:[/?;]|$)")
# Nobody encodes a path more often for a good reason.
MAX_DECODINGS = 3


def is_landing(text: str) -> bool:
    """Whether it is a path of the portal such as /invoices?status=open, however often it is percent-encoded."""
    if len(text) > MAX_CHARACTERS or not WRITTEN.fullmatch(text):
        return False
    for _ in range(MAX_DECODINGS):
        if ELSEWHERE.search(text) or not text.isprintable():
            return False
        decoded = unquote(text, errors="replace")
        if decoded == text:
            return "\ufffd" not in text
        text = decoded
    return False
