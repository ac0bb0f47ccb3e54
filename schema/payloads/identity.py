"""Signing in, sessions, and the profile: inputs and payloads."""

import strawberry

from billing.states import Actor, LinkDelivery
from schema.declarations import nouns
from schema.declarations.fields import one
from schema.declarations.payloads import CustomerPayload, KeyedPayload, Payload
from schema.declarations.scalars import DateTime
from schema.payloads.customers import TAX_IDS, BillingAddressInput
from schema.payloads.subscriptions import FOR

DEVICE = (
    "A device token. Store it, also after signing out, and send it with the next `signIn` and `requestPasswordReset` of this account: attempts with it are counted separately. "
    "Valid for a year, or until the password or the e-mail address changes; only the latest is valid. Store it where third-party scripts cannot read it. It grants no access by itself. "
    "Null when refused."
)
PRESENTED = "The latest `device` that this client received for this account. An invalid one is ignored."


@strawberry.type(description="The tokens that a client stores to stay signed in.")
class SessionTokens:
    access_token: str = strawberry.field(description="The bearer token of requests, valid for 15 minutes.")
    access_expires_at: DateTime = strawberry.field(description="When the access token expires.")
    refresh_token: str = strawberry.field(description="Valid once, for `refreshSession`. Store it where third-party scripts cannot read it.")
    refresh_expires_at: DateTime = strawberry.field(description="When the refresh token expires.")
    session_id: strawberry.ID = strawberry.field(description="The session, as `sessions` lists it.")
    needs_sign_in: bool = strawberry.field(
        description="Whether mutations that only the customer may call are refused with SIGN_IN_REQUIRED: the session began with a portal link that was returned to staff. "
        "`signIn` in it, with its access token, begins a session without this restriction and ends this one."
    )
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="Who is signed in.")


@strawberry.type(description="A link with which a customer can sign in once.")
class PortalLink:
    url: str = strawberry.field(description="The URL for the customer. The secret is behind the #, so that no server logs it.")
    expires_at: DateTime = strawberry.field(description="When it expires.")


@strawberry.type(description="An event of the audit trail: something that was done or refused. It cannot be changed or deleted.")
class AuditEvent:
    id: strawberry.ID = strawberry.field(description="Sorts by time.")
    happened_at: DateTime = strawberry.field(description="When it happened.")
    event: str = strawberry.field(description="The name of the mutation.")
    outcome: str = strawberry.field(description="OK, or the code of the refusal.")
    detail: str = strawberry.field(description="The object that it was about, such as a session; may be empty.")
    actor: Actor = strawberry.field(description="What kind of caller acted; `actorSubject` and `actorIssuer` identify it.")
    actor_subject: str | None = strawberry.field(
        description="Who acted: the `sub` of the access token. A staff member, or a service by its client id; for a partner's app the customer, and `client` is "
        "the app. Null without a token, and in events from before version 0014 of the database."
    )
    actor_issuer: str | None = strawberry.field(description="The `iss` of that token: a subject is unique only together with it. Null where `actorSubject` is.")
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
    request_id: str = strawberry.field(description="The id of the request in the logs.")


@strawberry.input(description="The credentials to sign in with.")
class SignInInput:
    email: str = strawberry.field(description="E-mail address.")
    password: str = strawberry.field(description="Password.")
    device: str | None = strawberry.field(default=None, description=PRESENTED)


@strawberry.input(description="The session to continue.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(description="The last refresh token. Used again later than 10 seconds after its first use, it ends the session.")


@strawberry.input(description="The session to end.")
class EndSessionInput:
    session_id: strawberry.ID = strawberry.field(description="One of `sessions`.")


@strawberry.input(
    description="Changes of the profile. A field that is left out stays unchanged; null leaves name, language and time zone unchanged, and clears the others. "
    "What was issued before is never changed."
)
class UpdateProfileInput:
    name: str | None = strawberry.field(
        default=None, description="1 to 200 characters. Zero-width joiners stay, because Persian and emoji need them; other invisible characters are removed."
    )
    locale: str | None = strawberry.field(default=None, description="A BCP 47 tag such as de-CH.")
    time_zone: str | None = strawberry.field(default=None, description="An IANA name such as Europe/Zurich.")
    billing_address: BillingAddressInput | None = strawberry.field(default=strawberry.UNSET, description="The address on invoices from now on.")
    company_name: str | None = strawberry.field(default=strawberry.UNSET, description="The company, where the name is a person's. 1 to 200 characters.")
    tax_id: str | None = strawberry.field(default=strawberry.UNSET, description="The one tax number, instead of `taxIds`.")
    tax_ids: list[str] | None = strawberry.field(default=strawberry.UNSET, description=TAX_IDS)
    expected_version: int | None = strawberry.field(default=None, description="Change only if `Customer.version` still has this value.")
    customer_id: strawberry.ID | None = strawberry.field(default=None, description=FOR)


@strawberry.input(description="The new address.")
class RequestEmailChangeInput:
    new_email: str = strawberry.field(description="It gets a link to confirm. The old address gets a notice.")


@strawberry.input(description="The link from the letter.")
class ConfirmEmailChangeInput:
    token: str = strawberry.field(description="The part of the link behind `#token=`.")


@strawberry.input(description="The old password and the new one.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="15 to 128 characters, of any kind; common ones are refused.")


@strawberry.input(description="The account whose password is forgotten.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description="It gets a letter if there is such an account. The answer is the same if there is none.")
    device: str | None = strawberry.field(default=None, description=PRESENTED)


@strawberry.input(description="The link from the letter, and the new password.")
class ResetPasswordInput:
    token: str = strawberry.field(description="The part of the link behind `#token=`.")
    new_password: str = strawberry.field(description="15 to 128 characters, of any kind; common ones are refused.")


@strawberry.input(description="The customer that the link is for.")
class CreatePortalLinkInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    landing: str | None = strawberry.field(
        default=None, description="The page of the portal to land on, a path such as /payments, perhaps with a query; `redeemPortalLink` returns it."
    )
    send: bool = strawberry.field(default=False, description="With RETURN: whether to send it to the customer's address as well.")
    delivery: LinkDelivery = strawberry.field(
        default=LinkDelivery.RETURN,
        description="MAIL: it goes only to the customer. The customer must have signed in with the address before (EMAIL_NOT_VERIFIED), and letters must be sent "
        "(MAIL_NOT_CONFIGURED).",
    )


@strawberry.input(description="The link.")
class RedeemPortalLinkInput:
    token: str = strawberry.field(description="The part of the link behind `#token=`.")


@strawberry.type(description="The payload of `signIn`.")
class SignInPayload(Payload):
    tokens: SessionTokens | None = strawberry.field(description="Null when refused.")
    device: str | None = strawberry.field(description=DEVICE)


@strawberry.type(description="The payload of `refreshSession`.")
class RefreshSessionPayload(Payload):
    tokens: SessionTokens | None = strawberry.field(description="Null when refused.")


@strawberry.type(description="The payload of `redeemPortalLink`.")
class RedeemPortalLinkPayload(Payload):
    tokens: SessionTokens | None = strawberry.field(description="Null when refused.")
    device: str | None = strawberry.field(description=f"{DEVICE} Null too for an account without a password, and unless the link was mailed.")
    landing: str | None = strawberry.field(description="The page of the portal to show, a path such as /payments; null if the link names none.")


@strawberry.type(description="The payload of `createPortalLink`.")
class CreatePortalLinkPayload(Payload):
    link: PortalLink | None = strawberry.field(description="Null when it was mailed, and when refused.")
    expires_at: DateTime | None = strawberry.field(description="When the link expires; null when refused.")


@strawberry.type(description="The payload of `updateProfile`.")
class UpdateProfilePayload(Payload):
    customer = one("customers.by_id", key="customer_key", graphql_type=nouns.Customer | None, description="The customer as they are now; null when refused.")


@strawberry.type(description="The payload of `signOutEverywhere`.")
class SignOutEverywherePayload(Payload):
    ended: int | None = strawberry.field(description="How many sessions were ended; null when refused.")


@strawberry.type(description="The payload of `endSession`.")
class EndSessionPayload(CustomerPayload):
    ended_session_id: strawberry.ID | None = strawberry.field(description="The id of the session that ended; null when refused.")


def _done(name: str, parent: type = Payload) -> type:
    """Return a payload type for a mutation whose only result is that it was done."""

    @strawberry.type(name=f"{name[0].upper()}{name[1:]}Payload", description=f"The payload of `{name}`.")
    class Done(parent):  # type: ignore[misc]
        done: bool | None = strawberry.field(description="True; null when refused.")

    return Done


def _proved(name: str, parent: type = Payload) -> type:
    """Return a payload type for a mutation whose caller has just proved to be the owner of the account."""

    @strawberry.type(name=f"{name[0].upper()}{name[1:]}Payload", description=f"The payload of `{name}`.")
    class Proved(parent):  # type: ignore[misc]
        done: bool | None = strawberry.field(description="True; null when refused.")
        device: str | None = strawberry.field(description=DEVICE)

    return Proved


SignOutPayload = _done("signOut")
RequestEmailChangePayload = _done("requestEmailChange", CustomerPayload)
ConfirmEmailChangePayload = _proved("confirmEmailChange")
ChangePasswordPayload = _proved("changePassword", CustomerPayload)
RequestPasswordResetPayload = _done("requestPasswordReset")
ResetPasswordPayload = _proved("resetPassword")


KEY = "A key of your own: a second call with it returns the answer of the first."


@strawberry.input(description="A new link of the caller's calendar.")
class CreateCalendarLinkInput:
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="The link of the calendar that ends.")
class RevokeCalendarLinkInput:
    customer_id: strawberry.ID | None = strawberry.field(default=None, description=FOR)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="The payload of `createCalendarLink`: `customer { calendarUrl }` is the URL.")
class CreateCalendarLinkPayload(CustomerPayload, KeyedPayload):
    pass


@strawberry.type(description="The payload of `revokeCalendarLink`.")
class RevokeCalendarLinkPayload(CustomerPayload, KeyedPayload):
    pass
