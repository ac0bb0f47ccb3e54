"""docs/errors.md, generated from the declarations of error codes."""

import sys
from collections.abc import Iterable

from gateway.cli.reference.error_codes import REFUSALS, REQUESTS, TOKENS, ErrorCodeEntry
from gateway.http.statuses import STATUS

HEAD = """# Error codes

<!-- Printed by `./portico errors > docs/errors.md` from gateway/cli/reference/error_codes.py,
gateway/http/statuses.py and billing/refusals.py. Change those, not this page. -->

Act on codes, not on messages: messages may change, and are in English. New codes may be added, so treat an unknown
one like `INTERNAL_SERVER_ERROR` or, in `userErrors`, like `INVALID_VALUE`.

An id of somebody else, a malformed one and one that does not exist are the same: `null` in a query, `NOT_FOUND` in a
mutation.

## The request or a field failed: `errors[].extensions.code`

The status is that of a request that was not run: the first for `application/json`, the second for
`application/graphql-response+json`. An error of a field stands beside `data`, with its `path`, and the status is 200;
only a mutation of which nothing was done because of an outage is 503. For the profile `draft-2026` see
[statuses](operations.md#statuses). "With" lists what `extensions` may have beside `code`.

"""
RULES = """
## A rule refused it: `userErrors[].code`

Mutations and previews answer 200 and put refusals in `userErrors`, each with a `message` and, where it is about one
input field, its `path`. Nothing was changed, except that a declined payment is recorded. The same codes are the
`reason` of `availableActions`, which tells before the call.
"""
OAUTH = """
## `/oauth/token`: `error`

"""


def print_errors() -> None:
    """Print every error code with its meaning and what to do, as it stands in docs/errors.md."""
    sys.stdout.write(text())


def text() -> str:
    """The page, with a line break at its end."""
    requests = _table(("code", "status", "what it means", "what to do", "with"), (_request(code, row) for code, row in REQUESTS.items()))
    groups = (
        f"\n### {title}\n\n" + _table(("code", "what it means", "what to do"), ((f"`{code}`", code.meaning, remedy) for code, remedy in remedies.items()))
        for title, remedies in REFUSALS.items()
    )
    tokens = ((f"`{error}`", status, row.meaning, row.remedy) for error, (status, row) in TOKENS.items())
    return HEAD + requests + RULES + "".join(groups) + OAUTH + _table(("error", "status", "what it means", "what to do"), tokens)


def _request(code: str, row: ErrorCodeEntry) -> tuple[str, ...]:
    statuses = STATUS[code]["compat"]
    status = str(statuses.json) if statuses.json == statuses.graphql else f"{statuses.json} / {statuses.graphql}"
    return f"`{code}`", status, row.meaning, row.remedy, ", ".join(f"`{name}`" for name in row.extensions)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, ("---",) * len(heads), *rows))
