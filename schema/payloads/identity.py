"""Signing in, staying in, and the profile: inputs and payloads."""

import strawberry

from billing.states import Actor, LinkDelivery, SignInMethod
from schema.declarations import nouns
from schema.declarations.fields import derived, one
from schema.declarations.payloads import Payload
from schema.declarations.scalars import DateTime

DEVICE = (
    "Keep it, after signing out too, and give it to the next `signIn` and `requestPasswordReset` of this account: its attempts are then counted apart from everybody else's. "
    "Good for a year, until the password or the e-mail address changes; the last one counts. Keep it where scripts of others cannot read it. It opens nothing by itself. Null when refused."
)
PRESENTED = "The last `device` that an answer for this account gave to this client. One that does not hold is as good as none."


def is_current(identifier: str, *, session_id: str | None) -> bool:
    return identifier == session_id


@strawberry.type(description="A place where the customer is signed in. It ends after 30 days, when it is ended, or when the password changes.")
class PortalSession:
    id: strawberry.ID = strawberry.field(description="Give it to `endSession`.")
    method: SignInMethod = strawberry.field(description="How it began.")
    link_delivery: LinkDelivery | None = strawberry.field(
        description="How the portal link that it began with reached who opened it. After RETURN the session does not prove who is in it, until they call `signIn`. "
        "Null for PASSWORD."
    )
    client: str = strawberry.field(description="The app that it belongs to: `portal`.")
    user_agent: str = strawberry.field(
        description="What the caller's program said of itself (User-Agent), up to 200 printable characters. Nothing vouches for it."
    )
    network: str = strawberry.field(description="The network address from which it began.")
    created_at: DateTime = strawberry.field(description="When it began.")
    last_used_at: DateTime = strawberry.field(description="When it was prolonged last.")
    expires_at: DateTime = strawberry.field(description="When it ends at the latest.")
    is_current = derived(is_current, needs=("id",), graphql_type=bool, description="Whether it is the session of this very request.")


@strawberry.type(description="What a client keeps to stay signed in.")
class SessionTokens:
    access_token: str = strawberry.field(description="The bearer token to call with; good for 15 minutes.")
    access_expires_at: DateTime = strawberry.field(description="Until when.")
    refresh_token: str = strawberry.field(description="Good once, for `refreshSession`. Keep it where scripts of others cannot read it.")
    refresh_expires_at: DateTime = strawberry.field(description="Until when the session can be prolonged.")
    session_id: strawberry.ID = strawberry.field(description="The session, as `sessions` lists it.")
    needs_sign_in: bool = strawberry.field(
        description="Whether what only the customer may do is refused with SIGN_IN_REQUIRED: the session began with a portal link that was returned to staff. "
        "`signIn` in it, with its access token, begins one that is not so bound and ends this one."
    )
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="Who is signed in.")


@strawberry.type(description="A link that lets a customer in once.")
class PortalLink:
    url: str = strawberry.field(description="Give it to the customer. The secret stands behind the #, so that no server logs it.")
    expires_at: DateTime = strawberry.field(description="Until when.")


@strawberry.type(description="Something that was done or refused. Nobody can change or delete it.")
class AuditEvent:
    id: strawberry.ID = strawberry.field(description="Sorts by time.")
    happened_at: DateTime = strawberry.field(description="When.")
    event: str = strawberry.field(description="What: the name of a mutation.")
    outcome: str = strawberry.field(description="OK, or the code of the refusal.")
    detail: str = strawberry.field(description="What it was about, such as a session; may be empty.")
    actor: Actor = strawberry.field(description="What kind of caller acted; `actorSubject` and `actorIssuer` say who.")
    actor_subject: str | None = strawberry.field(
        description="Who acted: the `sub` of the access token. A staff member, or a service by its client id; for a partner's app the customer, and `client` is "
        "the app. Null without a token, and in events from before version 0014 of the database."
    )
    actor_issuer: str | None = strawberry.field(
        description="The `iss` of that token: a subject means something only together with it. Null where `actorSubject` is."
    )
    acting_subject: str | None = strawberry.field(
        description="Who may have acted in the customer's name: the staff member or service that made the portal link (`sub` of their token) with which the session "
        "began, or whom another issuer's token names in `act`. Null if nobody, or if it is not known."
    )
    acting_issuer: str | None = strawberry.field(description="The `iss` of the token that `actingSubject` is from.")
    acting_client: str | None = strawberry.field(
        description="The app by which the portal link was made. Null if the session did not begin with a link that staff had seen."
    )
    customer_id: strawberry.ID | None = strawberry.field(
        description="The customer concerned; null where there is none, as for failed sign-ins of unknown accounts."
    )
    client: str = strawberry.field(description="The app that called, as its token names it; empty without a token.")
    request_id: str = strawberry.field(description="The request, as logs name it.")


@strawberry.input(description="Who signs in.")
class SignInInput:
    email: str = strawberry.field(description="E-mail address.")
    password: str = strawberry.field(description="Password.")
    device: str | None = strawberry.field(default=None, description=PRESENTED)


@strawberry.input(description="Which session goes on.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(description="The last refresh token. Used again later than 10 seconds after its first use, it ends the session.")


@strawberry.input(description="Nothing needs to be said.")
class SignOutInput:
    confirm: bool = strawberry.field(default=True, description="Has no other meaning than to be there: an input cannot be empty.")


@strawberry.input(description="Which session ends.")
class EndSessionInput:
    session_id: strawberry.ID = strawberry.field(description="One of `sessions`.")


@strawberry.input(description="What of the profile changes. What is left out or null stays.")
class UpdateProfileInput:
    name: str | None = strawberry.field(
        default=None, description="1 to 200 characters. Joiners are kept, as Persian and emoji need them; other characters that cannot be seen are left out."
    )
    locale: str | None = strawberry.field(default=None, description="A BCP 47 tag such as de-CH.")
    time_zone: str | None = strawberry.field(default=None, description="An IANA name such as Europe/Zurich.")
    expected_version: int | None = strawberry.field(default=None, description="Change only if `Customer.version` is still this.")


@strawberry.input(description="The new address.")
class RequestEmailChangeInput:
    new_email: str = strawberry.field(description="Gets a link to confirm. The old address is told.")


@strawberry.input(description="The link from the letter.")
class ConfirmEmailChangeInput:
    token: str = strawberry.field(description="What stands behind `#token=`.")


@strawberry.input(description="The old password and the new one.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="15 to 128 characters, of any kind; common ones are refused.")


@strawberry.input(description="Whose password is forgotten.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description="Gets a letter if there is such an account. The answer does not tell.")
    device: str | None = strawberry.field(default=None, description=PRESENTED)


@strawberry.input(description="The link from the letter, and the new password.")
class ResetPasswordInput:
    token: str = strawberry.field(description="What stands behind `#token=`.")
    new_password: str = strawberry.field(description="15 to 128 characters, of any kind; common ones are refused.")


@strawberry.input(description="Whom to let in.")
class CreatePortalLinkInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    landing: str | None = strawberry.field(
        default=None, description="The page of the portal to land on, a path such as /invoices, perhaps with a query; `redeemPortalLink` gives it."
    )
    send: bool = strawberry.field(default=False, description="With RETURN: whether to send it to the customer's address as well.")
    delivery: LinkDelivery = strawberry.field(
        default=LinkDelivery.RETURN,
        description="MAIL: it goes to the customer alone. The customer must have signed in with the address before (EMAIL_NOT_VERIFIED), and letters must be sent "
        "(MAIL_NOT_CONFIGURED).",
    )


@strawberry.input(description="The link.")
class RedeemPortalLinkInput:
    token: str = strawberry.field(description="What stands behind `#token=`.")


@strawberry.type(description="The answer to `signIn`.")
class SignInPayload(Payload):
    tokens: SessionTokens | None = strawberry.field(description="Null when refused.")
    device: str | None = strawberry.field(description=DEVICE)


@strawberry.type(description="The answer to `refreshSession`.")
class RefreshSessionPayload(Payload):
    tokens: SessionTokens | None = strawberry.field(description="Null when refused.")


@strawberry.type(description="The answer to `redeemPortalLink`.")
class RedeemPortalLinkPayload(Payload):
    tokens: SessionTokens | None = strawberry.field(description="Null when refused.")
    device: str | None = strawberry.field(description=f"{DEVICE} Null too for an account without a password, and unless the link was mailed.")
    landing: str | None = strawberry.field(description="The page of the portal to show, a path such as /invoices; null if the link names none.")


@strawberry.type(description="The answer to `createPortalLink`.")
class CreatePortalLinkPayload(Payload):
    link: PortalLink | None = strawberry.field(description="Null when it was mailed, and when refused.")
    expires_at: DateTime | None = strawberry.field(description="Until when the link holds; null when refused.")


@strawberry.type(description="The answer to `updateProfile`.")
class UpdateProfilePayload(Payload):
    customer: nouns.Customer | None = strawberry.field(description="The customer as they are now; null when refused.")


@strawberry.type(description="The answer to `signOutEverywhere`.")
class SignOutEverywherePayload(Payload):
    ended: int | None = strawberry.field(description="How many sessions were ended; null when refused.")


def _done(name: str) -> type:
    """Payloads of mutations that have nothing to show but that they were done."""

    @strawberry.type(name=f"{name[0].upper()}{name[1:]}Payload", description=f"The answer to `{name}`.")
    class Done(Payload):
        done: bool | None = strawberry.field(description="True; null when refused.")

    return Done


def _proved(name: str) -> type:
    """Payloads of mutations that are done by who has just proved to be the owner of the account."""

    @strawberry.type(name=f"{name[0].upper()}{name[1:]}Payload", description=f"The answer to `{name}`.")
    class Proved(Payload):
        done: bool | None = strawberry.field(description="True; null when refused.")
        device: str | None = strawberry.field(description=DEVICE)

    return Proved


SignOutPayload = _done("signOut")
EndSessionPayload = _done("endSession")
RequestEmailChangePayload = _done("requestEmailChange")
ConfirmEmailChangePayload = _proved("confirmEmailChange")
ChangePasswordPayload = _proved("changePassword")
RequestPasswordResetPayload = _done("requestPasswordReset")
ResetPasswordPayload = _proved("resetPassword")
