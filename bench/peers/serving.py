"""The common parts of the peers in Python: a pool like Portico's, and uvicorn with Portico's settings."""

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
_verified: dict[str, tuple[str, float]] = {}


def open_pool() -> Any:
    """Return a pool of ten connections that cache all prepared statements. All settings are LOCAL to a transaction, so no reset is needed."""
    return asyncpg.create_pool(
        os.environ["PEER_DATABASE_URL"], min_size=10, max_size=10, statement_cache_size=1000, max_cacheable_statement_size=0,
        max_cached_statement_lifetime=0, reset=_nothing,
    )  # fmt: skip


def customer_of(authorization: str) -> str:
    """Return the customer id in a token. Verified tokens are cached until they expire, as in Portico and the peers in Node. Raises jwt.InvalidTokenError."""
    token = authorization.removeprefix("Bearer ")
    verified = _verified.get(token)
    if verified is None or verified[1] <= time.time():
        claims = jwt.decode(token, os.environ["PEER_TOKEN_KEY"], algorithms=["EdDSA"], audience="portico", issuer="portico", options=REQUIRED)
        if len(_verified) >= REMEMBERED:
            _verified.clear()
        verified = _verified[token] = str(claims["sub"]), float(claims["exp"])
    return verified[0]


async def _nothing(_: object) -> None: ...


def begin(customer_id: str, now: datetime) -> str:
    """Return the statements of one round trip that open the snapshot and set the caller. The id comes from a verified token, and is quoted nevertheless."""
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
