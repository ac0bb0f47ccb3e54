"""Pages of other origins: which of them may call us, and how it is known that a browser asked us first.

A browser sends a "simple" request (https://fetch.spec.whatwg.org/#simple-header) to any server in the name of any page. Everything else it sends only after a preflight,
which we answer for the origins in the settings alone. So a request that a form could send has to carry a header that a form cannot.
"""

from collections.abc import Collection
from dataclasses import dataclass

from gateway.http.headers import GraphQLHTTPRequest
from gateway.http.requests import ALLOWED
from gateway.http.responses import TransportError

# Any of them, not empty: no form, image or script can send them without a preflight.
PROOFS = ("graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name")
SIMPLE = ("", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
SAME = ("same-origin", "none")

COST = "GraphQL-Cost"
TAKEN = ", ".join(("Authorization", "Content-Type", "GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name", COST, "traceparent"))
EXPOSED_HEADERS = "Deprecation, Link, Retry-After, Server-Timing, Sunset, X-Request-Id"
PREFLIGHT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class CorsOrigins:
    """`allowed` are exact origins such as https://portal.example.com. A token is never a cookie, so credentials are never allowed."""

    allowed: Collection[str] = ()

    def check(self, request: GraphQLHTTPRequest) -> None:
        """Raises TransportError for a request that another site's page could have made a browser send."""
        headers = request.headers
        if request.method == "GET":
            # It can do nothing but read, and a program that is no browser says nothing of sites.
            is_foreign = headers.get("sec-fetch-site", "none") not in SAME and "authorization" not in headers
        else:
            is_foreign = request.media_type in SIMPLE and request.method == "POST"
        if is_foreign and headers.get("origin") not in self.allowed and not any(headers.get(name) for name in PROOFS):
            raise TransportError(
                "CROSS_SITE_REQUEST", "This request could come from another site's page. Send application/json, or the header GraphQL-Require-Preflight: 1."
            )

    def headers(self, request: GraphQLHTTPRequest) -> dict[str, str]:
        """What tells a browser that the page of an allowed origin may read the answer."""
        origin = request.headers.get("origin")
        if origin is None or origin not in self.allowed:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED_HEADERS, "Cross-Origin-Resource-Policy": "cross-origin"}

    def preflight(self, request: GraphQLHTTPRequest) -> dict[str, str]:
        """The headers of an answer to OPTIONS."""
        allowed = self.headers(request)
        if not allowed:
            return {"Allow": ALLOWED}
        return {
            "Allow": ALLOWED,
            **allowed,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": TAKEN,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
