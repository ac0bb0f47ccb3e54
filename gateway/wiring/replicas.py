"""The replicas that the settings name, and the workers of a distributed database."""

import logging

from db.connections import FAILURES, TRANSIENT_ERRORS, connect, reason_of
from db.pool import Pool
from db.replicas.probes import UnfitReplica, check_replica, identity_of
from db.replicas.routing import Replicas, replicas_of
from db.workers.routing import ShardGroups
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import CannotReach, DatabaseUrls, connected

logger = logging.getLogger("portico.replicas")

SETTING = "PORTICO_REPLICA_URLS"
CHECK_SECONDS = 3.0


def replicas(settings: Settings, url: str, server_settings: dict[str, str]) -> Replicas:
    """Return the replicas of the primary `url`."""
    pool = Pool(settings.pool_size, settings.acquire_seconds, command_seconds=settings.command_seconds, is_prepared=settings.prepared)
    return replicas_of(url, settings.replica_urls, pool, server_settings=server_settings, lag_seconds=settings.replica_lag_seconds)


def shard_groups(settings: Settings, url: str, server_settings: dict[str, str]) -> ShardGroups:
    """Return the groups of shards of the database `url`, which are known once their `watch` runs; none of a database with replicas, or if they are not to be read directly."""
    if settings.replica_urls or not settings.direct_reads:
        return ShardGroups()
    pool = Pool(acquire_seconds=settings.acquire_seconds, command_seconds=settings.command_seconds)
    return ShardGroups(url, server_settings, settings.pool_size, pool)


async def check_replicas(settings: Settings, urls: DatabaseUrls) -> None:
    """Connect to each replica once. Raises CannotReach for a URL of something else; one that does not answer now is looked for while the server runs."""
    if not settings.replica_urls:
        return
    async with connected(urls.app_url, urls.setting, urls.server_settings) as connection:
        primary = await identity_of(connection)
    for number, url in enumerate(settings.replica_urls, 1):
        try:
            connection = await connect(url, seconds=CHECK_SECONDS, command_seconds=CHECK_SECONDS, server_settings=urls.server_settings)
        except FAILURES as error:
            if not isinstance(error, TRANSIENT_ERRORS):
                raise CannotReach(f"{SETTING}: cannot log in to number {number}: {reason_of(error)}.") from None
            logger.warning("replica %d does not answer: %s", number, reason_of(error))
            continue
        try:
            await check_replica(connection, primary)
        except UnfitReplica as error:
            raise CannotReach(f"{SETTING}: number {number} {error}.") from None
        except FAILURES as error:
            logger.warning("replica %d does not answer: %s", number, reason_of(error))
        finally:
            connection.terminate()
