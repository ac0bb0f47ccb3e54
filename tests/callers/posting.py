"""Bodies of uploads, built part by part, so that each part can be wrong."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from auth.viewer import Viewer
from tests.conftest import ADA, token

BOUNDARY = "a-line-between"
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}
UPLOAD = """mutation Upload($input: UploadAttachmentsInput!) { uploadAttachments(input: $input) {
  replayed userErrors { code message path }
  attachments { id fileName contentType sizeBytes sha256 status uploadedBy downloadUrl parent { id } availableActions { action allowed reason } }
} }"""


@dataclass(frozen=True)
class Piece:
    """One part of a multipart form."""

    name: str
    content: bytes
    file_name: str | None = None
    content_type: str | None = None
    header: bytes | None = None

    def written(self) -> bytes:
        head = f'Content-Disposition: form-data; name="{self.name}"'.encode()
        if self.file_name is not None:
            quoted = self.file_name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
            head += f'; filename="{quoted}"'.encode()
        if self.content_type is not None:
            head += f"\r\nContent-Type: {self.content_type}".encode()
        return b"\r\n".join([f"--{BOUNDARY}".encode(), self.header or head, b"", self.content, b""])


def form(*pieces: Piece) -> bytes:
    return b"".join(piece.written() for piece in pieces) + f"--{BOUNDARY}--\r\n".encode()


def headers(viewer: Viewer | None = ADA, **more: str) -> dict[str, str]:
    fields = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **PREFLIGHT, **more}
    return fields | ({"Authorization": f"Bearer {token(viewer)}"} if viewer else {})


def field(name: str, value: Any) -> Piece:
    return Piece(name, value if isinstance(value, bytes) else json.dumps(value).encode())


def operations(parent: str, count: int, *, key: str | None = None, query: str = UPLOAD) -> dict[str, Any]:
    return {"query": query, "variables": {"input": {"parentId": parent, "files": [None] * count, "idempotencyKey": key or uuid4().hex}}}


def paths(count: int) -> dict[str, list[str]]:
    return {str(number): [f"variables.input.files.{number}"] for number in range(count)}


def group(parent: str, *files: tuple[str, bytes], key: str | None = None) -> bytes:
    """Return the whole body that attaches files (name, bytes) to a parent."""
    parts = [Piece(str(number), content, name, "") for number, (name, content) in enumerate(files)]
    return form(field("operations", operations(parent, len(files), key=key)), field("map", paths(len(files))), *parts)


async def send(client: httpx.AsyncClient, body: bytes, viewer: Viewer | None = ADA, **more: str) -> httpx.Response:
    return await client.post("/graphql", content=body, headers=headers(viewer, **more))


async def attach(client: httpx.AsyncClient, parent: str, *files: tuple[str, bytes], viewer: Viewer = ADA, key: str | None = None) -> dict[str, Any]:
    """Attach files and return the payload."""
    answer = await send(client, group(parent, *files, key=key), viewer)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]["uploadAttachments"]


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]
