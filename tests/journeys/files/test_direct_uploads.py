"""Direct uploads: announce, send to the bucket, complete. The local bucket keeps the contract of S3."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from tests.callers.posting import codes
from tests.conftest import ADA, BIG, STAFF, token
from tests.samples import jpeg, pdf, png
from tests.servers.s3 import store

__all__ = ["store"]

CREATE = """mutation ($input: CreateAttachmentUploadsInput!) { createAttachmentUploads(input: $input) { replayed userErrors { code path }
  uploads { url expiresAt fields { name value } attachment { id status fileName sizeBytes downloadUrl } } } }"""
COMPLETE = """mutation ($ids: [ID!]!) { completeAttachmentUploads(input: {attachmentIds: $ids}) { userErrors { code path }
  attachments { id status fileName contentType sha256 downloadUrl version } } }"""
SHOW = "query ($id: ID!) { node(id: $id) { ... on Attachment { status } } }"
DELETE = "mutation ($id: ID!) { deleteAttachment(input: {attachmentId: $id}) { deletedAttachmentId userErrors { code } } }"


@dataclass(frozen=True)
class Fleet:
    """A client that uploads by itself."""

    http: httpx.AsyncClient
    invoice: str

    async def ask(self, query: str, viewer: Viewer = ADA, **variables: Any) -> Any:
        answer = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers={"Authorization": f"Bearer {token(viewer)}"})
        assert "errors" not in answer.json(), answer.text
        return next(iter(answer.json()["data"].values()))

    async def announce(self, *files: tuple[str, bytes], key: str, viewer: Viewer = ADA, **changed: Any) -> Any:
        said = [
            {"fileName": name, "contentType": KINDS[name[-3:]], "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **changed}
            for name, content in files
        ]
        return await self.ask(CREATE, viewer, input={"parentId": self.invoice, "files": said, "idempotencyKey": key})

    async def send(self, upload: Any, content: bytes, **changed: str) -> httpx.Response:
        fields = {item["name"]: item["value"] for item in upload["fields"]} | changed
        async with httpx.AsyncClient(timeout=20) as client:
            return await client.post(upload["url"], data=fields, files={"file": ("x", content)})

    async def complete(self, *identifiers: str, viewer: Viewer = ADA) -> Any:
        return await self.ask(COMPLETE, viewer, ids=list(identifiers))


KINDS = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


@pytest.fixture(params=["local", "s3"])
async def fleet(request: pytest.FixtureRequest, server: str, start_server: Any, urls: Any, invoice: str) -> AsyncIterator[Fleet]:
    address = server if request.param == "local" else start_server(urls.app, **request.getfixturevalue("store").settings())
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        yield Fleet(client, invoice)


async def test_what_was_announced_is_sent_and_kept(fleet: Fleet, request: pytest.FixtureRequest) -> None:
    files = [("a.pdf", pdf(6_000_000)), ("b.png", png()), ("c.jpg", jpeg())]
    made = await fleet.announce(*files, key=f"announce {request.node.name}")
    assert made["userErrors"] == []
    for upload, (name, content) in zip(made["uploads"], files, strict=True):
        about = upload["attachment"]
        assert (about["fileName"], about["sizeBytes"], about["status"], about["downloadUrl"]) == (name, len(content), "PENDING", None)
        assert (await fleet.send(upload, content)).status_code == 204
    identifiers = [upload["attachment"]["id"] for upload in made["uploads"]]
    done = await fleet.complete(*identifiers)
    assert done["userErrors"] == []
    async with httpx.AsyncClient(follow_redirects=True) as anybody:
        for attachment, (_, content) in zip(done["attachments"], files, strict=True):
            assert attachment["status"] == "STORED"
            assert (await anybody.get(attachment["downloadUrl"])).content == content
    assert (await fleet.complete(*identifiers))["attachments"][0]["version"] == done["attachments"][0]["version"] == 2


async def test_completing_at_once_and_again_keeps_one_object(fleet: Fleet, request: pytest.FixtureRequest, admin: asyncpg.Connection) -> None:
    (upload,) = (await fleet.announce(("a.pdf", pdf()), key=f"at once {request.node.name}"))["uploads"]
    await fleet.send(upload, pdf())
    done = await asyncio.gather(*(fleet.complete(upload["attachment"]["id"]) for _ in range(5)))
    assert [payload["userErrors"] for payload in done] == [[]] * 5
    assert {payload["attachments"][0]["version"] for payload in done} == {2}
    async with httpx.AsyncClient(follow_redirects=True) as anybody:
        for _ in range(3):
            await asyncio.sleep(0.2)
            assert (await anybody.get(done[0]["attachments"][0]["downloadUrl"])).content == pdf()


async def test_sending_other_bytes_later_changes_nothing_that_is_kept(fleet: Fleet, request: pytest.FixtureRequest) -> None:
    (upload,) = (await fleet.announce(("a.pdf", pdf()), key=f"later {request.node.name}"))["uploads"]
    await fleet.send(upload, pdf())
    done = await fleet.complete(upload["attachment"]["id"])
    assert (await fleet.send(upload, pdf().replace(b"Catalog", b"CATALOG"))).status_code == 204
    await fleet.complete(upload["attachment"]["id"])
    async with httpx.AsyncClient(follow_redirects=True) as anybody:
        assert (await anybody.get(done["attachments"][0]["downloadUrl"])).content == pdf()


async def test_the_same_key_gives_the_same_attachments_and_new_addresses(fleet: Fleet, request: pytest.FixtureRequest) -> None:
    key = f"again {request.node.name}"
    first, again = [await fleet.announce(("a.pdf", pdf()), key=key) for _ in range(2)]
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["uploads"][0]["attachment"]["id"] == again["uploads"][0]["attachment"]["id"]
    assert codes(await fleet.announce(("a.pdf", pdf(1001)), key=key)) == ["IDEMPOTENCY_CONFLICT"]


BYTES = {
    "fewer": (pdf()[:-1], "CHECKSUM_MISMATCH"),
    "more": (pdf() + b"\n", "CHECKSUM_MISMATCH"),
    "others": (pdf().replace(b"Catalog", b"CATALOG"), "CHECKSUM_MISMATCH"),
    "of another type": (png(1000), "UNSUPPORTED_FILE"),
}


@pytest.mark.parametrize(("sent", "code"), BYTES.values(), ids=BYTES)
async def test_bytes_that_were_not_announced_are_rejected_for_good(fleet: Fleet, request: pytest.FixtureRequest, sent: bytes, code: str) -> None:
    """The local bucket refuses another size at once; our S3 of tests does not judge policies, and so what is sent is judged when it is completed."""
    (upload,) = (await fleet.announce(("a.pdf", pdf()), key=f"not announced {request.node.name}"))["uploads"]
    identifier = upload["attachment"]["id"]
    answer = await fleet.send(upload, sent)
    if answer.status_code != 204:
        assert answer.status_code in (400, 413)
        assert codes(await fleet.complete(identifier)) == ["NOT_UPLOADED"]
        return
    done = await fleet.complete(identifier)
    assert codes(done) == [code]
    assert done["userErrors"][0]["path"] == ["input", "attachmentIds", "0"]
    assert await fleet.ask(SHOW, id=identifier) == {"status": "REJECTED"}
    assert codes(await fleet.complete(identifier)) == ["NOT_STORED"]
    assert await fleet.ask(DELETE, id=identifier) == {"deletedAttachmentId": identifier, "userErrors": []}


async def test_what_was_not_sent_is_not_there_and_keeps_its_whole_group_waiting(fleet: Fleet, request: pytest.FixtureRequest) -> None:
    first, second = (await fleet.announce(("a.pdf", pdf()), ("b.pdf", pdf(2000)), key=f"half {request.node.name}"))["uploads"]
    await fleet.send(first, pdf())
    both = first["attachment"]["id"], second["attachment"]["id"]
    done = await fleet.complete(*both)
    assert (codes(done), done["userErrors"][0]["path"]) == (["NOT_UPLOADED"], ["input", "attachmentIds", "1"])
    assert await fleet.ask(SHOW, id=both[0]) == {"status": "PENDING"}
    await fleet.send(second, pdf(2000))
    assert [attachment["status"] for attachment in (await fleet.complete(*both))["attachments"]] == ["STORED", "STORED"]


async def test_somebody_elses_and_the_other_sides_are_not_found(fleet: Fleet, request: pytest.FixtureRequest) -> None:
    (upload,) = (await fleet.announce(("a.pdf", pdf()), key=f"whose {request.node.name}"))["uploads"]
    await fleet.send(upload, pdf())
    for viewer in (BIG, STAFF):
        assert codes(await fleet.complete(upload["attachment"]["id"], viewer=viewer)) == ["NOT_FOUND"]
    assert codes(await fleet.complete("att_01m829w97ne1msh76cygrhecz9")) == ["NOT_FOUND"]
    assert codes(await fleet.complete()) == ["INVALID_VALUE"]


ANNOUNCED = {
    "a vague type": ("a.pdf", "application/octet-stream", pdf(), "a.pdf", "application/pdf"),
    "a wrong type": ("photo.jpg", "image/jpg", jpeg(), "photo.jpg", "image/jpeg"),
    "a name without an extension": ("photo", "image/pjpeg", jpeg(), "photo.jpg", "image/jpeg"),
    "neither": ("photo", "", png(), "photo.png", "image/png"),
    "another picture": ("photo.heic", "image/heic", jpeg(), "photo.jpg", "image/jpeg"),
    "another extension": ("photo.jpg", "image/jpeg", png(), "photo.png", "image/png"),
}


@pytest.mark.parametrize(("name", "declared", "content", "file_name", "content_type"), ANNOUNCED.values(), ids=ANNOUNCED)
async def test_what_was_announced_is_put_right_by_the_content(
    fleet: Fleet, request: pytest.FixtureRequest, admin: asyncpg.Connection, name: str, declared: str, content: bytes, file_name: str, content_type: str
) -> None:
    announced = await fleet.announce(("a.pdf", content), key=f"put right {request.node.name}", fileName=name, contentType=declared)
    assert announced["userErrors"] == []
    (upload,) = announced["uploads"]
    assert (await fleet.send(upload, content)).status_code == 204
    (stored,) = (await fleet.complete(upload["attachment"]["id"]))["attachments"]
    assert (stored["fileName"], stored["contentType"]) == (file_name, content_type)
    async with httpx.AsyncClient(follow_redirects=True) as anybody:
        answer = await anybody.get(stored["downloadUrl"])
    assert (answer.headers["content-type"], answer.content) == (content_type, content)
    for column in ("content_type", "file_name"):
        with pytest.raises(asyncpg.RestrictViolationError, match="stays what it is"):
            await admin.execute(f"update attachment set {column} = 'image/png' || {column} where id = $1", stored["id"])


async def test_content_of_another_family_than_was_announced_is_rejected(fleet: Fleet, request: pytest.FixtureRequest) -> None:
    for name, content in (("a.png", pdf()), ("a.pdf", jpeg())):
        (upload,) = (await fleet.announce((name, content), key=f"family {name} {request.node.name}"))["uploads"]
        await fleet.send(upload, content)
        assert codes(await fleet.complete(upload["attachment"]["id"])) == ["UNSUPPORTED_FILE"]
        assert await fleet.ask(SHOW, id=upload["attachment"]["id"]) == {"status": "REJECTED"}


async def test_a_hundred_files_are_announced_and_completed_as_one_group(http: httpx.AsyncClient, invoice: str) -> None:
    fleet = Fleet(http, invoice)
    files = [(f"{number}.png", png(300 + number)) for number in range(100)]
    uploads = (await fleet.announce(*files, key="a hundred"))["uploads"]
    for upload, (_, content) in zip(uploads, files, strict=True):
        fields = {item["name"]: item["value"] for item in upload["fields"]}
        assert (await http.post(upload["url"], data=fields, files={"file": ("x", content)})).status_code == 204
    done = await fleet.complete(*(upload["attachment"]["id"] for upload in uploads))
    assert done["userErrors"] == []
    assert [attachment["status"] for attachment in done["attachments"]] == ["STORED"] * 100


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sizeBytes": 0}, "EMPTY_FILE"),
        ({"sizeBytes": -1}, "EMPTY_FILE"),
        ({"sizeBytes": 10 * 1024**2 + 1}, "FILE_TOO_LARGE"),
        ({"contentType": "image/png"}, "UNSUPPORTED_FILE"),
        ({"contentType": "text/html", "fileName": "a.html"}, "UNSUPPORTED_FILE"),
        ({"sha256": "x" * 64}, "INVALID_VALUE"),
        ({"sha256": "0" * 63}, "INVALID_VALUE"),
    ],
)
async def test_an_announcement_that_cannot_hold_is_refused(fleet: Fleet, changed: dict[str, Any], code: str) -> None:
    assert codes(await fleet.announce(("a.pdf", pdf()), key="never", **changed)) == [code]


async def test_a_group_that_is_too_large_is_refused_before_any_address_is_given(fleet: Fleet) -> None:
    four = [("a.pdf", b"")] * 4
    assert codes(await fleet.announce(*four, key="never", sizeBytes=8 * 1024**2)) == ["GROUP_TOO_LARGE"]
    assert codes(await fleet.announce(*four * 26, key="never")) == ["TOO_MANY_FILES"]


async def test_our_own_route_takes_what_was_announced_and_nothing_else(server: str, invoice: str, http: httpx.AsyncClient) -> None:
    fleet = Fleet(http, invoice)
    (upload,) = (await fleet.announce(("a.pdf", pdf()), key="our own route"))["uploads"]
    for changed, status in (
        ({"key": "incoming/cus_1/att_1"}, 403),
        ({"Content-Type": "text/html"}, 403),
        ({"policy": ""}, 403),
        ({"x-portico-signature": "0"}, 403),
        ({"acl": "public-read"}, 400),
        ({"key": "k" * 5000}, 413),
    ):
        answer = await fleet.send(upload, pdf(), **changed)
        assert answer.status_code == status, changed
    async with httpx.AsyncClient() as client:
        assert (await client.post(upload["url"], content=b"x")).status_code == 400
        assert (await client.post(upload["url"], files={"file": ("x", pdf())})).status_code == 403
        assert (await client.post(upload["url"], data={"key": "x"}, files={"other": ("x", pdf())})).status_code == 400
    assert codes(await fleet.complete(upload["attachment"]["id"])) == ["NOT_UPLOADED"]
