"""Cross-origin requests: which origins may send them, and how a request shows that the browser sent a preflight first.

A browser sends a "simple" request (https://fetch.spec.whatwg.org/#simple-header) of any page to any server. All others it sends only after a preflight, which the gateway
allows only for the origins in the settings. Therefore a request that a form could send must have a header that a form cannot send.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from gateway.http.headers import GraphQLHTTPRequest
from gateway.http.requests import ALLOWED
from gateway.http.responses import TransportError

# One of these must be present and not empty: no form, image or script can send them without a preflight.
PREFLIGHT_HEADERS = ("graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name")
SIMPLE_TYPES = ("", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
SAME_SITE = ("same-origin", "none")

COST_HEADER = "GraphQL-Cost"
POSITION_HEADER = "Portico-Position"
ALLOWED_HEADERS = ", ".join(
    (
        "Authorization",
        "Content-Type",
        "GraphQL-Require-Preflight",
        "Apollo-Require-Preflight",
        "X-Apollo-Operation-Name",
        COST_HEADER,
        POSITION_HEADER,
        "traceparent",
    )
)
EXPOSED_HEADERS = f"Deprecation, Link, {POSITION_HEADER}, Retry-After, Server-Timing, Sunset, X-Request-Id"
PREFLIGHT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class CorsOrigins:
    """`allowed` are exact origins such as https://portal.example.com. Tokens are never in cookies, so credentials are never allowed."""

    allowed: Collection[str] = ()

    def check(self, request: GraphQLHTTPRequest) -> None:
        """Raises TransportError for a request that a browser could have sent for another site's page."""
        headers = request.headers
        if request.method == "GET":
            # GET only reads, and a program other than a browser sends no Sec-Fetch-Site.
            is_foreign = headers.get("sec-fetch-site", "none") not in SAME_SITE and "authorization" not in headers
        else:
            is_foreign = request.media_type in SIMPLE_TYPES and request.method == "POST"
        if is_foreign and headers.get("origin") not in self.allowed and not any(headers.get(name) for name in PREFLIGHT_HEADERS):
            raise TransportError(
                "CROSS_SITE_REQUEST", "This request could come from another site's page. Send application/json, or the header GraphQL-Require-Preflight: 1."
            )

    def allows_socket(self, headers: Headers) -> bool:
        """Return whether a WebSocket may be opened by the page that the header Origin names: one of this host, or of an allowed origin. Programs send no Origin.

        A browser sends no preflight before it opens one, and lets every page read what arrives.
        """
        origin = headers.get("origin")
        return origin is None or origin in self.allowed or urlsplit(origin).netloc == headers.get("host", "")

    def headers(self, request: GraphQLHTTPRequest) -> dict[str, str]:
        """Return the CORS headers of a response to an allowed origin; none for others."""
        origin = request.headers.get("origin")
        if origin is None or origin not in self.allowed:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED_HEADERS, "Cross-Origin-Resource-Policy": "cross-origin"}

    def preflight(self, request: GraphQLHTTPRequest) -> dict[str, str]:
        """Return the headers of a response to OPTIONS."""
        allowed = self.headers(request)
        if not allowed:
            return {"Allow": ALLOWED}
        return {
            "Allow": ALLOWED,
            **allowed,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
