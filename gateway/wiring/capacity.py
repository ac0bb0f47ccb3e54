"""The limits of a process, from the settings: places for operations, uploads and live operations, and the sizes and times of requests."""

from functools import partial

from gateway.http.capacity.admission import Admission
from gateway.http.capacity.drain import Drain
from gateway.http.capacity.upload_timeout import UploadTimeout
from gateway.http.graphql.state import RequestPolicy
from gateway.http.requests import BodyLimits
from gateway.live.hub import Hub, StreamLimits
from gateway.wiring.configuration.settings import Settings


def hub(settings: Settings, drain: Drain) -> Hub:
    """Return the hub of live operations. Its messages use at most a part of the connections, so that requests have the others."""
    running = max(1, settings.pool_size // 2)
    places = Admission(running=running, queued=settings.max_streams, wait_seconds=30.0, per_caller=max(1, running // 2))
    limits = StreamLimits(settings.max_session_streams, settings.max_customer_streams, settings.max_streams, settings.stream_seconds)
    return Hub(limits, places, drain)


def upload_places(settings: Settings) -> Admission:
    """Return the places for uploads, of which one caller may have a fifth."""
    of_caller = max(1, settings.max_uploads // 5)
    return Admission(running=settings.max_uploads, queued=settings.max_queued, wait_seconds=settings.upload_queue_seconds, per_caller=of_caller)


def admissions(settings: Settings) -> tuple[Admission, Admission]:
    """Return the places for operations, and those for their cost. One caller may use at most half of the connections."""
    admission = partial(Admission, queued=settings.max_queued, wait_seconds=settings.queue_seconds)
    of_caller = settings.max_caller_running or max(1, min(settings.max_running, settings.pool_size) // 2)
    costs = settings.max_caller_cost
    return admission(running=settings.max_running, per_caller=of_caller), admission(running=settings.max_running * costs, per_caller=costs)


def policy(settings: Settings) -> RequestPolicy:
    return RequestPolicy(
        authenticated=BodyLimits(settings.max_body_bytes, settings.max_url_bytes, settings.body_seconds),
        anonymous=BodyLimits(min(settings.max_anonymous_body_bytes, settings.max_body_bytes), settings.max_url_bytes, settings.body_seconds),
        operation_seconds=settings.operation_seconds,
        upload_timeout=UploadTimeout(settings.upload_seconds, settings.upload_bytes_per_second),
        acquire_seconds=settings.acquire_seconds,
        profile=settings.http_profile,
        trusted_proxies=settings.trusted_proxies,
        is_open=settings.is_open,
        shows_timings=not settings.is_production,
        tells_reasons=not settings.is_production,
    )
