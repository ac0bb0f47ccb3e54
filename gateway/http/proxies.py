"""Who calls: the network address, when proxies stand in between, and what the program says of itself."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

MAX_USER_AGENT = 200

Network = IPv4Network | IPv6Network


def address_of(request: Request, trusted: Sequence[Network]) -> str:
    """The caller's network address: the last hop in X-Forwarded-For that is none of our proxies. Whatever stands before it, callers can write themselves."""
    peer = request.client.host if request.client else ""
    if not _is_trusted(peer, trusted):
        return peer
    hops = [hop for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
    for hop in reversed(hops):
        found = _bare(hop)
        if _address(found) is None:
            break  # A proxy of ours wrote no address, so nothing before it can be believed.
        peer = found
        if not _is_trusted(peer, trusted):
            break
    return peer


def user_agent_of(request: Request) -> str:
    """The User-Agent, in printable characters alone: neither line breaks and other controls nor signs that turn the direction of text. Anybody can write anything there."""
    text: str = request.headers.get("user-agent", "")[:MAX_USER_AGENT]
    return text if text.isprintable() else "".join(character if character.isprintable() else " " for character in text)


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    found = _address(address) if trusted else None
    return found is not None and any(found in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _bare(hop: str) -> str:
    """An address without the port that some proxies add: 192.0.2.1:4711, [2001:db8::1]:4711."""
    text = hop.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
