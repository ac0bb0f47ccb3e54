"""A demo customer who uses a deployment by HTTPS, with the portal's documents by their ids."""

import hashlib
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from demo.passwords import PASSWORD

DOCUMENTS = Path(__file__).parents[2] / "schema" / "documents"
SECONDS = 15


def document_id(name: str) -> str:
    """Return the id under which the portal's document is published. The name is that of its file, with the folders."""
    return f"sha256:{hashlib.sha256((DOCUMENTS / f'{name}.graphql').read_bytes()).hexdigest()}"


def unverified() -> ssl.SSLContext:
    """Return a context that accepts the certificate of a proxy's own authority."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Visitor:
    """A signed-in customer. `post` raises AssertionError for any status but 200 and for errors in the answer."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def sign_in(self, email: str) -> None:
        payload = (await self.post("actions/identity/SignIn", input={"email": email, "password": PASSWORD}))["signIn"]
        assert payload["userErrors"] == [], payload
        self.http.headers["Authorization"] = f"Bearer {payload['tokens']['accessToken']}"

    async def post(self, name: str, files: Mapping[str, bytes] | None = None, **variables: Any) -> Any:
        """Send a document. `files` take the places of the variable `input.files`, as multipart."""
        operation = {"documentId": document_id(name), "variables": variables}
        if files is None:
            response = await self.http.post("/graphql", json=operation)
        else:
            places = {str(number): [f"variables.input.files.{number}"] for number in range(len(files))}
            parts = [(str(number), (file_name, content)) for number, (file_name, content) in enumerate(files.items())]
            response = await self.http.post("/graphql", headers={"GraphQL-Require-Preflight": "1"}, data={"operations": json.dumps(operation), "map": json.dumps(places)}, files=parts)
        body = response.json() if response.headers["Content-Type"].startswith("application/") else response.text
        assert response.status_code == 200, (response.status_code, body)
        assert "errors" not in body, body
        return body["data"]
