"""The key of the caller of a request, by which places, queues and budgets are shared."""

from auth.throttle import network_of
from auth.viewer import Viewer
from billing.states import Actor


def customer_key(customer_id: str) -> str:
    """Return the key of a customer who calls, or for whom a signed link was made."""
    return f"customer:{customer_id}"


def link_key(customer_id: str, app: str) -> str:
    """Return the key of the caller for whom a signed link was made: the customer, or a partner's app that acts for the customer."""
    return f"partner:{app}" if app else customer_key(customer_id)


def caller_of(viewer: Viewer, address: str) -> str:
    """Return `customer:cus_…`, `partner:app`, `staff:subject`, `service:client`, or `anonymous:network:…` for a request without a token.

    A partner's app is one caller for all its customers.
    """
    match viewer.kind:
        case Actor.CUSTOMER:
            return customer_key(viewer.customer_id or "")
        case Actor.PARTNER:
            return f"partner:{viewer.app or viewer.client}"
        case Actor.STAFF if viewer.staff_id:
            return f"staff:{viewer.staff_id}"
        case Actor.STAFF | Actor.SYSTEM:
            return f"service:{viewer.app or viewer.client}"
        case Actor.ANONYMOUS:
            return f"anonymous:{network_of(address)}"
