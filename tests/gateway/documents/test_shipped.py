"""Shipped documents are published by the first start; later starts validate only what is missing, and what another schema was the judge of."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import pytest

from db.pool import Database
from gateway.documents.document_cache import digest, validate_document
from gateway.documents.limits import DocumentLimits
from gateway.documents.registry import PORTAL, Registry
from gateway.documents.revalidation import Revalidation
from gateway.documents.sync import RegistrySync, publish_shipped, republish_shipped, shipped_texts, stored_texts
from resolvers.documents.manifests import id_of
from resolvers.documents.publishing import ValidationResult

TEXTS = [text for texts in shipped_texts().values() for text in texts]


class Counted:
    """The validation of documents, and the texts that were validated."""

    def __init__(self, graphql_schema: Any) -> None:
        self.texts: list[str] = []
        self._validate = partial(validate_document, graphql_schema, DocumentLimits())

    def __call__(self, text: str) -> ValidationResult:
        self.texts.append(text)
        return self._validate(text)

    def taken(self) -> list[str]:
        texts, self.texts = self.texts, []
        return texts


@pytest.fixture
def counted(graphql_schema: Any) -> Counted:
    return Counted(graphql_schema)


@pytest.fixture
async def sync(database: Database, graphql_schema: Any, counted: Counted, admin: asyncpg.Connection) -> AsyncIterator[RegistrySync]:
    revalidation = Revalidation(counted, lambda: digest(graphql_schema, DocumentLimits()))
    sync = RegistrySync(Registry({}, "open"), database, "", {}, lambda: datetime.now(UTC), revalidation)
    await publish_shipped(sync, {})
    # Publishing leaves what has the same cost as it was, and servers of other tests have other limits.
    await admin.execute("update stored_document set fits = $1 where client_id = any($2)", revalidation.schema_digest(), list(shipped_texts()))
    counted.taken()
    yield sync
    await publish_shipped(sync, await stored_texts(sync))


async def test_a_start_validates_no_document_that_is_published(sync: RegistrySync, counted: Counted) -> None:
    stored = await stored_texts(sync)
    assert {(client, id_of(text)) for client, texts in shipped_texts().items() for text in texts} <= stored.keys()
    await publish_shipped(sync, stored)
    assert counted.taken() == []


async def test_a_document_that_is_missing_or_retired_is_published(sync: RegistrySync, counted: Counted, admin: asyncpg.Connection) -> None:
    first, second, *_ = shipped_texts()[PORTAL]
    await admin.execute("delete from stored_document where client_id = $1 and id = $2", PORTAL, id_of(first))
    await admin.execute("update stored_document set retired_at = now() where client_id = $1 and id = $2", PORTAL, id_of(second))
    await publish_shipped(sync, await stored_texts(sync))
    assert sorted(counted.taken()) == sorted([first, second])
    assert {(PORTAL, id_of(first)), (PORTAL, id_of(second))} <= (await stored_texts(sync)).keys()


async def test_documents_of_another_schema_are_validated_again_and_their_costs_stored(sync: RegistrySync, counted: Counted, admin: asyncpg.Connection) -> None:
    await admin.execute("update stored_document set fits = 'another schema', cost = cost + 1 where client_id = $1", PORTAL)
    stored = await stored_texts(sync)
    await publish_shipped(sync, stored)
    assert counted.taken() == [], "the server is ready before that"
    await republish_shipped(sync, stored)
    assert sorted(counted.taken()) == sorted(shipped_texts()[PORTAL])
    validated = {id_of(text): counted(text).cost for text in shipped_texts()[PORTAL]}
    costs = dict(await admin.fetch("select id, cost from stored_document where client_id = $1", PORTAL))
    assert {identifier: costs[identifier] for identifier in validated} == validated
    counted.taken()
    await republish_shipped(sync, await stored_texts(sync))
    assert counted.taken() == []
