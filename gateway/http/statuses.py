"""The table of HTTP statuses: by error code and by the media type of the response, in two profiles of GraphQL over HTTP.

`compat` follows the public audits (https://github.com/graphql/graphql-http) and what clients expect: a request for application/json gets 200 if it could be read.
`draft-2026` is the draft of August 2026 (https://graphql.github.io/graphql-over-http/draft/): 422 for a well-formed but invalid request, 294 for a response with errors.
"""

from typing import Literal, NamedTuple

Profile = Literal["compat", "draft-2026"]

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


class StatusPair(NamedTuple):
    """A status for application/json and one for application/graphql-response+json."""

    json: int
    graphql: int


def _both(status: int) -> dict[Profile, StatusPair]:
    return {"compat": StatusPair(status, status), "draft-2026": StatusPair(status, status)}


STATUS: dict[str, dict[Profile, StatusPair]] = {
    # The operation was executed.
    "OK": _both(200),
    "PARTIAL": {"compat": StatusPair(200, 200), "draft-2026": StatusPair(200, 294)},
    # The request was read, and is invalid as GraphQL.
    "GRAPHQL_PARSE_FAILED": {"compat": StatusPair(200, 400), "draft-2026": StatusPair(400, 400)},
    "GRAPHQL_VALIDATION_FAILED": {"compat": StatusPair(200, 400), "draft-2026": StatusPair(422, 422)},
    "LIMIT_EXCEEDED": {"compat": StatusPair(200, 400), "draft-2026": StatusPair(422, 422)},
    "BAD_USER_INPUT": {"compat": StatusPair(200, 400), "draft-2026": StatusPair(422, 422)},
    "RESYNC_REQUIRED": {"compat": StatusPair(200, 400), "draft-2026": StatusPair(422, 422)},
    "OPERATION_RESOLUTION_FAILURE": {"compat": StatusPair(400, 400), "draft-2026": StatusPair(422, 422)},
    "BAD_PARAMETERS": {"compat": StatusPair(400, 400), "draft-2026": StatusPair(422, 422)},
    "PERSISTED_DOCUMENT_NOT_FOUND": {"compat": StatusPair(200, 400), "draft-2026": StatusPair(422, 422)},
    "PERSISTED_DOCUMENT_ID_REQUIRED": {"compat": StatusPair(400, 400), "draft-2026": StatusPair(422, 422)},
    # As in Apollo Server, whose clients expect these statuses.
    "PERSISTED_QUERY_NOT_FOUND": _both(200),
    "PERSISTED_QUERY_NOT_SUPPORTED": _both(200),
    # The request cannot be read, or is not allowed.
    "BAD_REQUEST": _both(400),
    "UNAUTHENTICATED": _both(401),
    "FORBIDDEN": _both(403),
    "CROSS_SITE_REQUEST": _both(403),
    "NOT_FOUND": _both(404),
    "METHOD_NOT_ALLOWED": _both(405),
    "NOT_ACCEPTABLE": _both(406),
    "REQUEST_TIMEOUT": _both(408),
    "CONTENT_TOO_LARGE": _both(413),
    "URI_TOO_LONG": _both(414),
    "UNSUPPORTED_MEDIA_TYPE": _both(415),
    "MISDIRECTED_REQUEST": _both(421),
    "THROTTLED": _both(429),
    "HEADERS_TOO_LARGE": _both(431),
    # The client has closed the connection, so this status is for the log only.
    "CLIENT_CLOSED_REQUEST": _both(499),
    # A stream has ended, in a response that had begun.
    "STREAM_EXPIRED": _both(200),
    "SERVER_CLOSING": _both(200),
    # The gateway cannot answer.
    "INTERNAL_SERVER_ERROR": _both(500),
    "SERVICE_UNAVAILABLE": _both(503),
}


def status(code: str, media: str, profile: Profile) -> int:
    row = STATUS[code][profile]
    return row.graphql if media == GRAPHQL else row.json
