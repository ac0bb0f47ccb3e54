"""The reference portal: the built files under portal/dist, and what its pages read about the merchant."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from gateway.routes.assets import Assets

DIST = Path(__file__).parents[2] / "portal" / "dist"
# The addresses of pages. Each is answered with the same document, whose script shows the page.
PAGES = (
    *("/", "/sign-in", "/forgotten-password", "/reset-password", "/enter", "/confirm-email", "/demo"),
    *("/subscriptions", "/subscriptions/{id}", "/subscriptions/{id}/{action}", "/schedules", "/schedules/{id}", "/payments", "/invoices/{id}", "/profile"),
)
STRIPE = {"script-src": "https://js.stripe.com", "frame-src": "https://js.stripe.com https://hooks.stripe.com", "connect-src": "https://api.stripe.com"}
# The style elements that react-aria-components adds: for touch screens, and for dialogs in Safari. Their hashes allow these and no others.
STYLES = (
    "@layer {\n  [data-react-aria-pressable] {\n    touch-action: pan-x pan-y pinch-zoom;\n  }\n}",
    "@layer {\n  * {\n    overscroll-behavior: contain;\n  }\n}",
)


@dataclass(frozen=True, slots=True)
class Portal:
    """What the pages read (`config`), the merchant's logo, the sites that may show the pages in a frame, and whether the processor is Stripe."""

    config: Mapping[str, Any]
    logo: Path | None = None
    frame_ancestors: tuple[str, ...] = ()
    has_stripe: bool = False


def routes(portal: Portal) -> list[BaseRoute]:
    """Return the routes of the pages, their files, and their configuration."""
    headers = security_headers(portal)
    files = Assets(str(DIST), headers)

    async def document(request: Request) -> Response:
        response = await files.get_response("index.html", request.scope)
        response.headers.update(headers)
        return response

    async def config(_: Request) -> Response:
        return JSONResponse(dict(portal.config), headers=headers | {"Cache-Control": "no-cache"})

    pages = [Route(path, document) for path in PAGES]
    return [*pages, Route("/portal.json", config), *_logo(portal, headers), Mount("/portal", files)]


def _logo(portal: Portal, headers: Mapping[str, str]) -> list[BaseRoute]:
    path = portal.logo
    if path is None:
        return []

    async def logo(_: Request) -> Response:
        return FileResponse(path, headers=dict(headers) | {"Cache-Control": "public, max-age=3600"})

    return [Route("/portal/logo", logo)]


def _hash(style: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def security_headers(portal: Portal) -> dict[str, str]:
    """Return the headers of every response: scripts, styles and data come from this host alone, and from the processor's where its form is shown."""
    sources = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": " ".join(["'self'", *map(_hash, STYLES)]),
        "img-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(portal.frame_ancestors) or "'none'",
    }
    for directive, hosts in (STRIPE if portal.has_stripe else {}).items():
        sources[directive] = f"{sources.get(directive, '')} {hosts}".strip()
    return {
        "Content-Security-Policy": "; ".join(f"{directive} {value}" for directive, value in sources.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
