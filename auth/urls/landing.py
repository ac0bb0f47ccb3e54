"""Check of the page of the portal that a link leads to."""

import re
from urllib.parse import unquote

MAX_CHARACTERS = 500
# A path and an optional query of RFC 3986, without a fragment: the link's own secret is its fragment.
WRITTEN = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+")
# Browsers read backslashes as slashes, two slashes begin another host, dots leave the folder.
ELSEWHERE = re.compile(r"[\\#]|//|(?:^|/)\.\.?(?:[/?;]|$)")
# A path that is encoded more often is refused.
MAX_DECODINGS = 3


def is_landing(text: str) -> bool:
    """Return whether a text is a path of the portal such as /payments, perhaps with a query. It may be percent-encoded several times."""
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
