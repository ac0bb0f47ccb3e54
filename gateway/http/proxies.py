"""The network address of the caller behind trusted proxies, and its User-Agent."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

MAX_USER_AGENT = 200

Network = IPv4Network | IPv6Network


def address_of(request: Request, trusted: Sequence[Network]) -> str:
    """Return the caller's network address: the last hop in X-Forwarded-For that is no trusted proxy. Callers can forge the hops before it."""
    peer = request.client.host if request.client else ""
    if not _is_trusted(peer, trusted):
        return peer
    hops = [hop for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
    for hop in reversed(hops):
        address = _without_port(hop)
        if _address(address) is None:
            break  # A trusted proxy wrote no address, so the hops before it are not trusted.
        peer = address
        if not _is_trusted(peer, trusted):
            break
    return peer


def user_agent_of(request: Request) -> str:
    """Return the User-Agent in printable characters only, without control characters and signs that change the direction of text, because callers can send anything."""
    text: str = request.headers.get("user-agent", "")[:MAX_USER_AGENT]
    return text if text.isprintable() else "".join(character if character.isprintable() else " " for character in text)


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    ip = _address(address) if trusted else None
    return ip is not None and any(ip in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _without_port(hop: str) -> str:
    """Return the address without the port that some proxies add: 192.0.2.1:4711, [2001:db8::1]:4711."""
    text = hop.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
