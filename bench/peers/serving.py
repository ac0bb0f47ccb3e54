"""What the peers in Python share: a pool like Portico's, and uvicorn as Portico starts it."""

import os
import socket
import time
from datetime import datetime
from typing import Any

import asyncpg
import jwt
import uvicorn

REMEMBERED = 10_000
REQUIRED: Any = {"require": ["iss", "aud", "exp", "iat", "sub"]}
_held: dict[str, tuple[str, float]] = {}


def open_pool() -> Any:
    """Ten connections that keep every prepared statement. Only what is LOCAL to a transaction is set, so nothing has to be reset."""
    return asyncpg.create_pool(
        os.environ["PEER_DATABASE_URL"], min_size=10, max_size=10, statement_cache_size=1000, max_cacheable_statement_size=0,
        max_cached_statement_lifetime=0, reset=_nothing,
    )  # fmt: skip


def customer_of(authorization: str) -> str:
    """Whom a token names. One that held is remembered until it expires, as Portico and the peers in Node do it. Raises jwt.InvalidTokenError."""
    token = authorization.removeprefix("Bearer ")
    found = _held.get(token)
    if found is None or found[1] <= time.time():
        claims = jwt.decode(token, os.environ["PEER_TOKEN_KEY"], algorithms=["EdDSA"], audience="portico", issuer="portico", options=REQUIRED)
        if len(_held) >= REMEMBERED:
            _held.clear()
        found = _held[token] = str(claims["sub"]), float(claims["exp"])
    return found[0]


async def _nothing(_: object) -> None: ...


def begin(customer_id: str, now: datetime) -> str:
    """One round trip: the snapshot, and who is asking. The id comes from a verified token, and is still quoted."""
    quoted = customer_id.replace("'", "''")
    return (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
        f"SET LOCAL app.customer_id = '{quoted}'; SET LOCAL app.actor = 'CUSTOMER'; SET LOCAL app.now = '{now.isoformat()}'"
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"READY {self._url}", flush=True)


def serve(app: Any, path: str) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", log_level="warning", access_log=False, server_header=False, date_header=False)
    _Server(config, f"http://127.0.0.1:{listener.getsockname()[1]}{path}").run([listener])
