"""The upload of a file in the hand-written handler: Starlette's form, and the guarantees of Portico's upload without its layers.

The name of the object is stored before its bytes exist, so that Portico's sweep deletes what an attempt leaves. Type, structure and hash are checked by the same
functions as in Portico, and a PDF by the same processes; the object is synced to the disk. The row, the key's answer and the entry in the audit trail are written in
one transaction, with the event of the database's trigger. No connection is taken while the file is stored.
"""

import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile

from bench.writes import statements
from bench.writes.statements import Refused, begin, claimed, new_id
from resolvers.attachments.ingest import UploadTarget, ingest
from resolvers.attachments.kinds import DeclaredTypes, recognise
from resolvers.attachments.orphans import WRITE_WINDOW
from resolvers.context import Files
from storage import keys
from storage.local import Local
from storage.pdf.examiner import Examiner

PIECE = 64 * 1024


def open_files() -> Files:
    """Return a bucket in the folder of the environment, and the processes that examine PDFs."""
    unused: Any = None
    return Files(Local(Path(os.environ["PEER_FOLDER"]), "", b"unused"), None, Examiner(), unused, unused)


async def upload(pool: Any, customer_id: str, form: FormData, now: datetime, *, files: Files) -> Any:
    fields = json.loads(str(form["operations"]))["variables"]["input"]
    file = form["0"]
    assert isinstance(file, UploadFile)
    parent, identifier = fields["parentId"], new_id("att")
    key = keys.stored(customer_id, identifier, secrets.token_hex(8))
    async with _transaction(pool, customer_id, now) as connection:
        if await connection.fetchval(statements.ANNOUNCE, customer_id, parent, key, now + WRITE_WINDOW) is None:
            raise Refused("NOT_FOUND")
    known = await recognise(_pieces(file), DeclaredTypes(file.filename or "", file.content_type or "", "files.0"))
    size, sha256 = await ingest(known.chunks, UploadTarget(key, known.content_type, "files.0", lambda size, is_over: None), files)
    row = (parent, key, identifier, new_id("grp"), known.file_name, known.content_type, size, sha256)
    async with _transaction(pool, customer_id, now) as connection:
        if (stored := await claimed(connection, "uploadAttachments", fields | {"size": size, "sha256": sha256})) is not None:
            return {"attachments": json.loads(stored)["attachments"]}
        added = await connection.fetchrow(statements.ATTACH, customer_id, *row, now, new_id("aud"), fields["idempotencyKey"])
        if added is None:
            raise Refused("NOT_STORED")
    return {"attachments": [dict(added)]}


@asynccontextmanager
async def _transaction(pool: Any, customer_id: str, now: datetime) -> AsyncIterator[Any]:
    async with pool.acquire() as connection:
        await connection.execute(begin(customer_id, now))
        try:
            yield connection
        except BaseException:
            await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece
