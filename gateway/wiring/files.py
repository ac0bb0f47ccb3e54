"""The objects for attachments, from the settings."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from datetime import datetime
from typing import Any

from auth.jwt.tokens import OwnIssuer
from auth.urls.links import Links, secret_of
from billing.files.attachments import FileLimits
from gateway.routes.downloads import DIRECT
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.issuer import seal_of_portal
from resolvers.context import Files
from storage.bucket import Bucket
from storage.local import Local
from storage.pdf.examiner import Examiner
from storage.policies import PresignedPosts
from storage.scan import Clamd

# How long a bucket may read nothing of a request, or take to answer it.
STEP_SECONDS = 20.0


def files(settings: Settings, issuer: OwnIssuer, url: str, later: Callable[[Coroutine[Any, Any, None]], None]) -> Files:
    """Return the objects for attachments. `url` is the public URL of the gateway. The newest key signs URLs; all keys verify."""
    secret = secret_of(issuer.keys[0])
    calendars = seal_of_portal(settings, "calendars")
    limits = FileLimits(
        settings.max_files_per_parent,
        settings.upload_seconds,
        settings.downloads_per_minute,
        settings.max_statement_rows,
        settings.max_statement_csv_rows,
    )
    scanner = Clamd(settings.clamd_url) if settings.clamd_url else None

    def links(now: datetime) -> Links:
        return Links(url, secret, now, calendars=calendars)

    return Files(bucket_of(settings, f"{url}{DIRECT}", secret), scanner, Examiner(), links, later, limits)


def bucket_of(settings: Settings, direct_url: str, secret: bytes) -> Bucket:
    """Return an S3 bucket if the settings name one, else a folder in the data directory."""
    if settings.s3_bucket is None:
        return Local(settings.data_dir.resolve() / "bucket", direct_url, secret)
    # Amazon's SDK takes a third of a second to import, and only servers with a bucket need it.
    from storage.s3 import S3, S3Config

    config = S3Config(
        settings.s3_bucket,
        settings.s3_region,
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key,
        is_path_style=settings.s3_path_style,
        public_endpoint=settings.s3_public_endpoint,
        step_seconds=min(STEP_SECONDS, settings.upload_seconds),
        bytes_per_second=settings.s3_bytes_per_second,
    )
    return S3(config, None if settings.s3_post_policy else PresignedPosts(direct_url, secret))


async def put_all(bucket: Bucket, contents: Iterable[tuple[str, str, bytes]]) -> None:
    """Store these keys, media types and bytes in a bucket, and close it."""
    for key, content_type, content in contents:
        await bucket.put(key, _one_chunk(content), content_type)
    await bucket.close()


async def _one_chunk(content: bytes) -> AsyncIterator[bytes]:
    yield content
