"""Every limit of files that a client can meet is in `limits`, and holds at exactly that figure."""

import json
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest
from graphql import GraphQLSchema

from tests.callers.posting import Piece, attach, codes, field, form, group, headers, operations, paths, send
from tests.conftest import ADA, Post, token
from tests.samples import chunk, jpeg, pdf, png, segment
from tests.servers.throttling import assert_throttled
from tests.storage.pictures import header, png_of

FIGURES = (
    "maxFileBytes maxGroupBytes maxGroupFiles maxFilesPerParent maxFileNameBytes maxRequestBytes maxFieldBytes maxPixels maxPictureParts maxUnpackedBytes "
    "maxProcessorSeconds contentTypes uploadSeconds directUploadSeconds downloadUrlSeconds downloadsPerMinute"
)
OF_PAGES = {"maxStatementRows", "maxStatementCsvRows", "defaultPageSize", "maxPageSize", "maxNodes", "budget"}


@pytest.fixture
async def limits(post: Post) -> dict[str, Any]:
    return (await post(f"{{ limits {{ {FIGURES} }} }}")).json()["data"]["limits"]


def test_every_limit_of_files_is_met_here(graphql_schema: GraphQLSchema) -> None:
    assert set(graphql_schema.type_map["Limits"].fields) - OF_PAGES == set(FIGURES.split())  # type: ignore[attr-defined]


@pytest.mark.parametrize("more", [0, 1])
async def test_the_size_of_a_file_and_of_a_group(http: httpx.AsyncClient, invoice: str, limits: dict[str, Any], more: int) -> None:
    file, whole = limits["maxFileBytes"], limits["maxGroupBytes"]
    assert codes(await attach(http, invoice, ("a.png", png(file + more)))) == ["FILE_TOO_LARGE"] * more
    sizes = [file, file, whole - 2 * file - 5000, 5000 + more]
    assert codes(await attach(http, invoice, *((f"{size}.png", png(size)) for size in sizes))) == ["GROUP_TOO_LARGE"] * more


@pytest.mark.parametrize("more", [0, 1])
async def test_the_number_of_files(http: httpx.AsyncClient, invoice: str, limits: dict[str, Any], more: int) -> None:
    assert codes(await attach(http, invoice, *[("a.png", png())] * (limits["maxGroupFiles"] + more))) == ["TOO_MANY_FILES"] * more


@pytest.mark.parametrize("more", [0, 1])
async def test_pixels_and_parts_of_a_picture(http: httpx.AsyncClient, invoice: str, limits: dict[str, Any], more: int) -> None:
    parts = limits["maxPictureParts"] + more
    side = int(limits["maxPixels"] ** 0.5)
    assert side * side == limits["maxPixels"] >= 256_000_000
    for name, content, code in (
        ("a.png", png(width=side + more, height=side), "TOO_MANY_PIXELS"),
        ("a.jpg", jpeg(width=side, height=side + more), "TOO_MANY_PIXELS"),
        ("a.png", png_of(header(), 8 * 25, before=chunk(b"tEXt", b"") * (parts - 3)), "TOO_COMPLEX"),
        ("a.jpg", jpeg(before=segment(0xFE, b"") * (parts - 4)), "TOO_COMPLEX"),
    ):
        assert codes(await attach(http, invoice, (name, content))) == [code] * more, name


async def test_names_are_cut_at_their_limit(http: httpx.AsyncClient, invoice: str, limits: dict[str, Any]) -> None:
    longest = "n" * (limits["maxFileNameBytes"] - 4) + ".pdf"
    for name in (longest, f"n{longest}"):
        assert (await attach(http, invoice, (name, pdf())))["attachments"][0]["fileName"] == longest


async def test_each_content_type_of_the_list_is_taken(http: httpx.AsyncClient, invoice: str, limits: dict[str, Any]) -> None:
    files = {"application/pdf": pdf(), "image/png": png(), "image/jpeg": jpeg()}
    assert set(limits["contentTypes"]) == set(files)
    payload = await attach(http, invoice, *(("a", content) for content in files.values()))
    assert [stored["contentType"] for stored in payload["attachments"]] == list(files)


@pytest.mark.parametrize("more", [0, 1])
async def test_the_size_of_a_request_and_of_its_fields(http: httpx.AsyncClient, invoice: str, limits: dict[str, Any], more: int) -> None:
    body = group(invoice, ("a.pdf", pdf()))
    answer = await send(http, body + bytes(limits["maxRequestBytes"] + more - len(body)))
    assert answer.status_code == (413 if more else 200)
    for name in ("operations", "map"):
        fields = {"operations": json.dumps(operations(invoice, 1)), "map": json.dumps(paths(1))}
        fields[name] += " " * (limits["maxFieldBytes"] + more - len(fields[name]))
        pieces = [field(key, text.encode()) for key, text in fields.items()]
        answer = await send(http, form(*pieces, Piece("0", pdf(), "a.pdf")))
        assert answer.status_code == (413 if more else 200), name


async def test_what_operators_set_is_told_and_holds(start_server: Any, urls: Any, admin: asyncpg.Connection, limits: dict[str, Any]) -> None:
    assert limits["maxFilesPerParent"] is None
    parent = await admin.fetchval(
        "select id from invoice i where customer_id = $1 and not exists (select from attachment a where a.customer_id = $1 and a.invoice_id = i.id) order by id desc limit 1",
        ADA.customer_id,
    )
    url = start_server(urls.app, max_files_per_parent=2, downloads_per_minute=2, upload_seconds=77)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        query = {"query": f"{{ limits {{ {FIGURES} }} }}"}
        stated = (await client.post("/graphql", json=query, headers={"Authorization": f"Bearer {token(ADA)}"})).json()["data"]["limits"]
        assert (stated["maxFilesPerParent"], stated["downloadsPerMinute"], stated["uploadSeconds"]) == (2, 2, 77)
        stored = (await attach(client, parent, ("a.pdf", pdf()), ("b.pdf", pdf())))["attachments"]
        assert codes(await attach(client, parent, ("c.pdf", pdf()))) == ["QUOTA_EXCEEDED"]
        assert [(await client.get(stored[0]["downloadUrl"])).status_code for _ in range(2)] == [200, 200]
        assert_throttled(await client.get(stored[0]["downloadUrl"]))


async def test_addresses_are_valid_as_long_as_is_told(http: httpx.AsyncClient, invoice: str, limits: dict[str, Any]) -> None:
    create = (
        """mutation ($input: CreateAttachmentUploadsInput!) { createAttachmentUploads(input: $input) { uploads { expiresAt attachment { uploadedAt } } } }"""
    )
    announced = {"fileName": "a.pdf", "contentType": "application/pdf", "sizeBytes": 9, "sha256": "0" * 64}
    variables = {"input": {"parentId": invoice, "files": [announced], "idempotencyKey": "how long an address is valid"}}
    answer = await http.post("/graphql", json={"query": create, "variables": variables}, headers={"Authorization": f"Bearer {token(ADA)}"})
    (upload,) = answer.json()["data"]["createAttachmentUploads"]["uploads"]
    valid = datetime.fromisoformat(upload["expiresAt"]) - datetime.fromisoformat(upload["attachment"]["uploadedAt"])
    assert valid.total_seconds() == pytest.approx(limits["directUploadSeconds"], abs=1)
    stored = (await attach(http, invoice, ("a.pdf", pdf())))["attachments"][0]
    query = httpx.URL(stored["downloadUrl"]).params
    assert int(query["expires"]) - datetime.now().timestamp() == pytest.approx(limits["downloadUrlSeconds"], abs=20)


async def test_a_document_costs_as_many_files_as_the_call_has(http: httpx.AsyncClient, invoice: str) -> None:
    """So that an upload of one file is not weighed as one of a hundred, and a hundred are not too many for a document that shows what there is of each."""
    for count in (1, 20, 100):
        pieces = [Piece(str(number), png(), f"{number}.png") for number in range(count)]
        body = form(field("operations", operations(invoice, count)), field("map", paths(count)), *pieces)
        answer = await http.post("/graphql", content=body, headers=headers() | {"GraphQL-Cost": "1"})
        assert answer.json()["data"]["uploadAttachments"]["userErrors"] == []
        # The mutation and its payload's two objects, and for each file an address, a parent and its actions.
        assert answer.json()["extensions"]["cost"]["requested"] == 10 + 1 + 1 + 3 * count
