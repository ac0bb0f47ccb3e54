"""The host names that a server in development accepts.

A page of another site can resolve its own name to this machine after it was loaded (DNS rebinding); the browser then lets the page read responses of this server.
The `Host` header still has that name, so requests that name neither this machine nor a URL of the settings are refused, to protect above all the tokens of the demo.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.jwt.issuers import is_loopback
from gateway.wiring.configuration.settings import Settings

# RFC 9110 §7.2: a name or an address, IPv6 in brackets, and an optional port, which is ignored.
HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]/@\s]+?)\.?)(?::\d{0,5})?", re.IGNORECASE)
# Load balancers use a host name of their own, and these paths disclose nothing but the state of the process.
FOR_ALL = ("/livez", "/readyz")
WRONG = "This server is not reached by this name. If it should be, set PORTICO_PUBLIC_URL to its address."
MISDIRECTED = {"errors": [{"message": WRONG, "extensions": {"code": "MISDIRECTED_REQUEST"}}]}


class Hosts:
    """`names` are accepted besides those of this machine. With `takes_addresses` every IP address is, because DNS rebinding needs a name."""

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
    """Return the accepted names; None for all: in production, and on a server without demo tokens that listens on more than this machine."""
    is_local = is_loopback(settings.host)
    if settings.is_production or not (is_local or gives_token):
        return None
    urls = [urlsplit(url).hostname or "" for url in (settings.public_url, settings.portal_url) if url]
    return Hosts([settings.host, *urls], takes_addresses=not is_local)


def guarded(app: ASGIApp, hosts: Hosts | None) -> ASGIApp:
    """Return the application, which answers 421 unless a request has exactly one accepted `Host`."""
    if hosts is None:
        return app

    async def check_host(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and scope["path"] not in FOR_ALL:
            values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(values) != 1 or not hosts.accepts(values[0]):
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 4403})
                    return
                await JSONResponse(MISDIRECTED, 421, {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"})(scope, receive, send)
                return
        await app(scope, receive, send)

    return check_host


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
