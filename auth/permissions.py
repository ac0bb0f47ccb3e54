"""Permissions of fields. Declared beside the field, printed in its description, checked once, and enforced again by row security and grants in SQL.

For staff the database has the same scopes: the table `staff_write` says which scope writes which table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from auth.viewer import Viewer
from billing.refusals import Forbidden
from billing.states import Actor

# The scope that allows everything that its kind of caller may do, in tokens of the first-party portal and of staff.
EVERYTHING = {Actor.CUSTOMER: "portal", Actor.STAFF: "staff"}
# A scope of staff that allows what several scopes allow.
INCLUDED_IN = {"read": "customers:read", "customers:search": "customers:read"}
# How many of a token's scopes an error repeats.
MAX_SCOPES = 20


@dataclass(frozen=True, slots=True)
class Permission:
    """Callers of these kinds whose token has the scope. An empty scope allows callers with and without a token."""

    kinds: frozenset[Actor]
    scope: str

    @property
    def words(self) -> str:
        """Return the sentence for the schema's descriptions."""
        if not self.scope:
            return "Needs no token, and partners' apps may not call it."
        kinds = ", ".join(sorted(self.kinds))
        return f"For {kinds} with the scope `{self.scope}`."


# A partner's app acts for a customer by a grant, so it may not call the fields with which the customer signs in.
ANYBODY = Permission(frozenset({Actor.ANONYMOUS, Actor.CUSTOMER, Actor.STAFF}), "")
READ = Permission(frozenset({Actor.CUSTOMER, Actor.STAFF, Actor.PARTNER}), "read")
# Streams of what happens to one customer. Staff and services read the feed of all customers.
LIVE = Permission(frozenset({Actor.CUSTOMER, Actor.PARTNER}), "read")
STAFF_READ = Permission(frozenset({Actor.STAFF}), "read")
SEARCH = Permission(frozenset({Actor.STAFF}), "customers:search")
AUDIT = Permission(frozenset({Actor.STAFF}), "audit:read")
DEVELOP = Permission(frozenset({Actor.STAFF}), "schema:read")
LINK = Permission(frozenset({Actor.STAFF}), "links:create")
SUBSCRIPTIONS = Permission(frozenset({Actor.CUSTOMER, Actor.PARTNER, Actor.STAFF}), "subscriptions:write")
PAYMENTS = Permission(frozenset({Actor.CUSTOMER, Actor.PARTNER, Actor.STAFF}), "payments:write")
METHODS = Permission(frozenset({Actor.CUSTOMER, Actor.STAFF}), "methods:write")
HOLDS = Permission(frozenset({Actor.STAFF}), "subscriptions:hold")
PROFILE = Permission(frozenset({Actor.CUSTOMER, Actor.STAFF}), "profile:write")
# The customer alone decides about the address and the password with which they sign in.
ACCOUNT = Permission(frozenset({Actor.CUSTOMER}), "profile:write")
SESSIONS = Permission(frozenset({Actor.CUSTOMER}), "sessions:write")
GRANTS = Permission(frozenset({Actor.CUSTOMER}), "grants:write")
PUBLISH = Permission(frozenset({Actor.STAFF}), "documents:publish")
CUSTOMERS_READ = Permission(frozenset({Actor.STAFF}), "customers:read")
# Events name sessions and grants, which partners' apps may not read.
EVENTS = Permission(frozenset({Actor.CUSTOMER, Actor.STAFF}), "read")
# Everything that is stored about a customer, for the customer, and for staff who may read all of it anyway.
EXPORT = Permission(frozenset({Actor.CUSTOMER, Actor.STAFF}), "customers:read")
MY_DATA = Permission(frozenset({Actor.CUSTOMER}), "customers:read")
CUSTOMERS = Permission(frozenset({Actor.STAFF}), "customers:write")
ERASE = Permission(frozenset({Actor.STAFF}), "customers:erase")
CATALOG = Permission(frozenset({Actor.STAFF}), "catalog:write")
SCHEDULES = Permission(frozenset({Actor.STAFF}), "schedules:write")
INVOICES = Permission(frozenset({Actor.STAFF}), "invoices:write")
COLLECT = Permission(frozenset({Actor.STAFF}), "payments:write")
RECORD = Permission(frozenset({Actor.STAFF}), "payments:record")
REFUND = Permission(frozenset({Actor.STAFF}), "payments:refund")
BALANCE = Permission(frozenset({Actor.STAFF}), "balance:write")
IMPORT = Permission(frozenset({Actor.STAFF}), "imports:run")
WEBHOOKS = Permission(frozenset({Actor.STAFF}), "webhooks:manage")

# The scopes that a customer can grant to a partner's app.
PARTNER_SCOPES = frozenset(permission.scope for permission in (READ, SUBSCRIPTIONS, PAYMENTS))

ATTACH = Permission(frozenset({Actor.CUSTOMER, Actor.STAFF, Actor.PARTNER}), "attachments:write")

# The scopes that a token of staff, or of a program of the merchant, may have.
_PERMISSIONS = [value for value in tuple(vars().values()) if isinstance(value, Permission)]
STAFF_SCOPES = frozenset({EVERYTHING[Actor.STAFF], *(each.scope for each in _PERMISSIONS if Actor.STAFF in each.kinds and each.scope)})


def staff_scopes(viewer: Viewer) -> tuple[str, ...]:
    """Return the scopes of a staff token that the database judges by, in order; empty for other callers."""
    return tuple(sorted(STAFF_SCOPES.intersection(viewer.scopes))) if viewer.is_staff else ()


def is_allowed(viewer: Viewer, permission: Permission) -> bool:
    if not permission.scope:
        return viewer.kind in permission.kinds
    return viewer.kind in permission.kinds and not set(_scopes(viewer, permission)).isdisjoint(viewer.scopes)


def check(viewer: Viewer, permission: Permission, *, subject: str = "This field") -> None:
    """Check that the viewer has the permission. Raises Forbidden, which names the kinds or scopes that the subject needs and those of the caller's token."""
    if is_allowed(viewer, permission):
        return
    if viewer.kind not in permission.kinds:
        kinds = sorted(permission.kinds - {Actor.ANONYMOUS})
        message = f"{subject} is for {_listed(kinds, 'and')} tokens. The token is of kind {viewer.kind}."
        raise Forbidden(message, "kind", requiredKinds=kinds, kind=viewer.kind)
    needed, scopes = _scopes(viewer, permission), viewer.scopes[:MAX_SCOPES]
    message = f"{subject} needs the scope {_listed([f'`{scope}`' for scope in needed], 'or')}. The token has: {' '.join(scopes) or '(none)'}."
    raise Forbidden(message, "scope", requiredScopes=needed, scopes=scopes)


def _scopes(viewer: Viewer, permission: Permission) -> list[str]:
    """Return the scopes of which the caller needs one."""
    including = INCLUDED_IN.get(permission.scope) if viewer.is_staff else None
    return [scope for scope in (permission.scope, including, EVERYTHING.get(viewer.kind)) if scope]


def _listed(names: Sequence[str], last: str) -> str:
    """Return the names as a phrase: `a`, `a or b`, `a, b or c`."""
    return f" {last} ".join(", ".join(part) for part in (names[:-1], names[-1:]) if part)
