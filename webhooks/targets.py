"""Where messages may be sent: to https, and to addresses of the public internet. The address that was checked is the one that is connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

MAX_URL = 2_000
PORTS = {"https": 443, "http": 80}
# What is not of the public internet, beside what `is_global` says; versions of Python differ in it. Of IPv6 only 2000::/3 is allocated, so mapped and translated addresses
# (::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48) and those of a link or a site are outside.
ALLOCATED = IPv6Network("2000::/3")
NOT_PUBLIC = [
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
]  # fmt: skip

Network = IPv4Network | IPv6Network
# Returns the addresses of a name. Raises OSError.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class TargetRefused(ValueError):
    """A URL or an address to which nothing is sent. The message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in its parts. `authority` is what the header Host says, and `path` is encoded. `url` is the URL as it is stored: its scheme and host are in small letters,
    the host without a final dot, and the port only where it is not that of the scheme (RFC 3986, 6.2.2.1 and 6.2.3)."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str
    url: str


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """`is_development` allows http and all addresses; `networks` are allowed though they are not public."""

    is_development: bool = False
    networks: tuple[Network, ...] = ()

    def target_of(self, url: str) -> Target:
        """Return the parts of a URL. Raises TargetRefused."""
        if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise TargetRefused(f"The URL has at most {MAX_URL} printable ASCII characters, without spaces.")
        try:
            parts = urlsplit(url)
            port = PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
        except ValueError:
            raise TargetRefused("It is not a URL.") from None
        if parts.scheme not in (("https", "http") if self.is_development else ("https",)):
            raise TargetRefused("The URL begins with https://, or in development with http://." if self.is_development else "The URL begins with https://.")
        host = (parts.hostname or "").rstrip(".")
        if not host or not port or parts.username is not None or parts.password is not None or "#" in url:
            raise TargetRefused("The URL has a host, no port 0, and neither a user, a password nor a fragment.")
        name = f"[{host}]" if ":" in host else host
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{quote(parts.query, safe='/?%:@!$&()*+,;=~-._')}" if parts.query else "")
        authority = name if port == PORTS[parts.scheme] else f"{name}:{port}"
        _, _, rest = url.partition("//")
        return Target(parts.scheme, host, port, authority, path, f"{parts.scheme}://{authority}{rest[len(parts.netloc) :]}")

    async def addresses_of(self, target: Target, resolve: Resolve) -> Sequence[str]:
        """Return the addresses of the target. Raises TargetRefused if one of them may not be connected to, and OSError for a name without addresses."""
        addresses = await resolve(target.host, target.port)
        if not addresses:
            raise OSError("the name has no address")
        if not self.is_development and (refused := [address for address in addresses if not self._is_allowed(address)]):
            raise TargetRefused(f"{target.host} has the address {refused[0]}, which is not of the public internet.")
        return addresses

    def _is_allowed(self, text: str) -> bool:
        if "%" in text:  # a zone: an address of one link
            return False
        address = ip_address(text)
        return is_public(address) or any(address.version == network.version and address in network for network in self.networks)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is of the public internet, and of one host. Addresses that stand for another one (mapped, translated, tunneled) are not."""
    if isinstance(address, IPv6Address) and address not in ALLOCATED:
        return False
    return address.is_global and not address.is_multicast and not any(address.version == network.version and address in network for network in NOT_PUBLIC)


async def resolve_name(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name by the system's resolver. Raises OSError."""
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("the name cannot be resolved") from error
    return list(dict.fromkeys(str(info[4][0]) for info in infos))
