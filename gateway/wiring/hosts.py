"""Which names a server in development answers to.

A page that a browser has loaded from somewhere can point its own name at this machine afterwards (DNS rebinding): for the browser, what it reads here is then its own.
The `Host` header still has that name, so whoever names neither this machine nor an address from the settings gets nothing, the demo's token least of all.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.jwt.issuers import is_loopback
from gateway.wiring.configuration.settings import Settings

# RFC 9110 §7.2: a name or an address, IPv6 in brackets, and maybe a port, which tells nothing.
HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]/@\s]+?)\.?)(?::\d{0,5})?", re.IGNORECASE)
# Balancers name whom they ask by an address of their own, and hear nothing but whether the process lives.
FOR_ALL = ("/livez", "/readyz")
WRONG = "This server is not reached by this name. If it should be, set PORTICO_PUBLIC_URL to its address."
MISDIRECTED = {"errors": [{"message": WRONG, "extensions": {"code": "MISDIRECTED_REQUEST"}}]}


class Hosts:
    """`names` are those besides the ones of this machine; with `takes_addresses` every address is good, as no page can take one for its name."""

    def __init__(self, names: Iterable[str], *, takes_addresses: bool) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._takes_addresses = takes_addresses

    def accepts(self, header: str) -> bool:
        match = HOST.fullmatch(header)
        if match is None:
            return False
        name = (match[1] or match[2]).lower()
        return name in self._names or is_loopback(name) or (self._takes_addresses and _is_address(name))


def hosts_of(settings: Settings, *, gives_token: bool) -> Hosts | None:
    """None where any name is good: in production, and where others than this machine reach a server that gives nothing away."""
    is_local = is_loopback(settings.host)
    if settings.is_production or not (is_local or gives_token):
        return None
    urls = [urlsplit(url).hostname or "" for url in (settings.public_url, settings.portal_url) if url]
    return Hosts([settings.host, *urls], takes_addresses=not is_local)


def guarded(app: ASGIApp, hosts: Hosts | None) -> ASGIApp:
    """The application, for requests with exactly one good `Host`."""
    if hosts is None:
        return app

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in FOR_ALL:
            given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(given) != 1 or not hosts.accepts(given[0]):
                await JSONResponse(MISDIRECTED, 421, {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"})(scope, receive, send)
                return
        await app(scope, receive, send)

    return checked


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
