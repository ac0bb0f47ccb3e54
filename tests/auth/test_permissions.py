"""What a caller is told who may not use a field: the kind of caller or the scope that it needs, and what the caller's own token is."""

import pytest

from auth import permissions
from auth.permissions import ANYBODY, EVERYTHING, Permission, check, is_allowed
from auth.viewer import Viewer
from billing.refusals import Forbidden
from billing.states import Actor

PERMISSIONS = {name: value for name, value in vars(permissions).items() if isinstance(value, Permission)}
KINDS = (Actor.CUSTOMER, Actor.STAFF, Actor.PARTNER)


def refusal_of(viewer: Viewer, permission: Permission) -> Forbidden:
    with pytest.raises(Forbidden) as caught:
        check(viewer, permission)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_caller_without_scopes_is_told_which_one_is_enough_and_it_is(name: str, kind: Actor) -> None:
    permission, viewer = PERMISSIONS[name], Viewer(kind, None, (), "app")
    if is_allowed(viewer, permission):
        assert permission is ANYBODY
        return
    extensions = refusal_of(viewer, permission).extensions
    if kind not in permission.kinds:
        assert extensions["requiredKinds"] == sorted(permission.kinds - {Actor.ANONYMOUS})
        assert not is_allowed(Viewer(kind, None, (permission.scope, *EVERYTHING.values()), "app"), permission)
        return
    required = extensions["requiredScopes"]
    assert isinstance(required, list)
    assert permission.scope in required
    assert all(is_allowed(Viewer(kind, None, (scope,), "app"), permission) for scope in required)


@pytest.mark.parametrize(
    ("viewer", "permission", "reason", "message"),
    [
        (Viewer(Actor.PARTNER, "cus_1", (), "app"), permissions.READ, "scope", "This field needs the scope `read`. The token has: (none)."),
        (
            Viewer(Actor.CUSTOMER, "cus_1", ("openid", "email"), "web"),
            permissions.READ,
            "scope",
            "This field needs the scope `read` or `portal`. The token has: openid email.",
        ),
        (
            Viewer(Actor.STAFF, None, ("read",), "desk"),
            permissions.AUDIT,
            "scope",
            "This field needs the scope `audit:read` or `staff`. The token has: read.",
        ),
        (Viewer(Actor.CUSTOMER, "cus_1", ("portal",), "web"), permissions.SEARCH, "kind", "This field is for STAFF tokens. The token is of kind CUSTOMER."),
        (
            Viewer(Actor.PARTNER, "cus_1", ("read",), "app"),
            ANYBODY,
            "kind",
            "This field is for CUSTOMER and STAFF tokens. The token is of kind PARTNER.",
        ),
    ],
)
def test_the_message_says_both(viewer: Viewer, permission: Permission, reason: str, message: str) -> None:
    refusal = refusal_of(viewer, permission)
    assert (str(refusal), refusal.reason) == (message, reason)
