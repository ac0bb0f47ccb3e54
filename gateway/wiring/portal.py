"""What the portal's pages read about the merchant, put together from the settings, `portal.json` and, in a demo, its customers."""

from collections.abc import Iterable
from typing import Any

from gateway.operator_errors import OperatorError
from gateway.routes.examples import Login
from gateway.routes.portal import Portal
from gateway.wiring.configuration.portal_file import PortalFile, read_portal_file
from gateway.wiring.configuration.settings import Settings


def portal_of(settings: Settings, logins: Iterable[Login]) -> Portal:
    """Return the portal. Raises OperatorError for a file of PORTICO_PORTAL_FILE that cannot be read or is wrong."""
    try:
        file = read_portal_file(settings.portal_file) if settings.portal_file else PortalFile()
    except ValueError as error:
        raise OperatorError(f"PORTICO_PORTAL_FILE: {error}") from None
    has_stripe = settings.stripe_secret_key is not None
    config: dict[str, Any] = {
        "name": settings.merchant,
        "logoUrl": "/portal/logo" if settings.merchant_logo else None,
        "accent": settings.merchant_accent,
        "processor": "stripe" if has_stripe else "sandbox",
        "demo": [{"name": login.name, "about": login.about, "email": login.email, "password": login.password} for login in logins if login.password],
    }
    return Portal(config | file.model_dump(by_alias=True, exclude_none=True), settings.merchant_logo, settings.portal_frame_ancestors, has_stripe)
