"""The demo's attachments have bytes, and their rows say truly which."""

import hashlib

import asyncpg
import pytest

import demo
from billing.refusals import Refused
from storage.keys import KEY
from storage.sniff import Inspector


async def test_every_stored_file_of_the_named_customers_is_what_its_row_says(app: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    async with app.transaction(readonly=True):
        files = await demo.files(app)
    assert len(files) > 5
    assert {kind for _, kind, _ in files} == {"application/pdf", "image/png", "image/jpeg"}
    for key, content_type, content in files:
        row = await admin.fetchrow("select size_bytes, sha256 from attachment where object_key = $1", key)
        assert KEY.fullmatch(key)
        assert (len(content), hashlib.sha256(content).hexdigest()) == tuple(row)
        inspector = Inspector(content_type)
        try:
            inspector.feed(content)
            inspector.finish()
        except Refused as refused:
            pytest.fail(f"{key}: {refused.message}")
