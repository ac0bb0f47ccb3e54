"""Quality values in headers of content negotiation (RFC 9110 §12.4.2)."""

import re

QUALITY = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", re.IGNORECASE)
# A name of a coding (RFC 9110 §5.6.2: token), or `*`.
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")


def quality_of(parameters: list[str]) -> float:
    """Return the quality among the parameters of a part, 1 without one."""
    return next((float(match[1]) for item in parameters if (match := QUALITY.fullmatch(item))), 1.0)


def qualities_of(header: str) -> dict[str, float]:
    """Return the quality of each coding that a header names, in lower case. A part that is not a coding with a quality is left out; of two the first counts."""
    qualities: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = part.split(";")
        if TOKEN.fullmatch(name.strip()) and all(QUALITY.fullmatch(item) for item in parameters):
            qualities.setdefault(name.strip(), min(quality_of(parameters), 1.0))
    return qualities
