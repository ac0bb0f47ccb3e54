"""The objects for sign-in, from the settings."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr

from auth.devices import Devices
from auth.passwords import Passwords
from auth.throttle import Throttle
from auth.viewer import Viewer
from billing.states import Actor
from gateway.http.capacity.after_response import DeferredTasks
from gateway.wiring.configuration.settings import Settings, WrongSetting
from gateway.wiring.issuer import seal_of_portal, secret_of_portal
from gateway.wiring.letterhead import brand, logo_of, switched_off
from mail.folder import Folder
from mail.port import Sender, author
from resolvers.context import Identity, Post

Sign = Callable[[Viewer, datetime, timedelta], str]


def identity(settings: Settings, sign: Sign, later: DeferredTasks, portal_url: str) -> Identity:
    return Identity(
        sign=sign,
        passwords=Passwords(),
        devices=Devices(secret_of_portal(settings), settings.read_only_secrets),
        throttle=Throttle(settings.throttle_url, secret=settings.throttle_secret or ""),
        post=post(settings),
        later=later,
        portal_url=portal_url,
        merchant=settings.merchant,
        issuer=settings.token_issuer,
        sends_mail=settings.smtp_host is not None or not settings.is_production,
        gives_first_passwords=not any(issuer.kind is Actor.CUSTOMER for issuer in settings.issuers),
    )


def post(settings: Settings) -> Post:
    """Return the objects for mail, for the server and for the worker, which sends letters that were not sent yet."""
    return Post(sender(settings), seal_of_portal(settings), brand(settings), switched_off(settings))


def sender(settings: Settings) -> Sender:
    """Return SMTP if the settings name a server, else a folder of letters. Raises WrongSetting."""
    name, address = parseaddr(settings.mail_from)
    logo = logo_of(settings.merchant_logo)
    if settings.smtp_host is None:
        return Folder(settings.data_dir / "mail", author(address, name=name), logo)
    from mail.smtp import Smtp, SmtpServer

    try:
        server = SmtpServer(settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, settings.smtp_password)
    except ValueError as error:
        raise WrongSetting(f"PORTICO_SMTP_SECURITY: {error}.") from None
    return Smtp(server, author(address, name=name), logo)
