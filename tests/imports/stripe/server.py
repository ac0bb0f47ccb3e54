"""A small server that answers as Stripe's API does: lists in pages, newest first, with a key, a version, permissions, and faults of the network.

`objects` has the objects by list; of lists of one customer's methods each object names its customer. `faults` are the next answers that fail, or `fault_at` decides by the number of the
request. `requests` are the paths that were asked for with their times.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "rk_test_0123456789"
ACCOUNT = "acct_1PorticoTest"
VERSION = "2026-10-28.endive"
INCLUDED = 10
CUT, STALL = "cut the connection", "stop in the middle of the body"


@dataclass
class StripeServer:
    objects: dict[str, list[dict[str, Any]]]
    address: str = ""
    account: str = ACCOUNT
    page: int = 100
    faults: list[str | int] = field(default_factory=list)
    fault_at: Callable[[int], str | int | None] = lambda number: None
    forbidden: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, float]] = field(default_factory=list)
    retry_after: str = "0"
    pdf: bytes = b""
    keys_at_pdfs: set[str | None] = field(default_factory=set)

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        parts = path.removeprefix("/v1/").split("/")
        if parts == ["account"]:
            return 200, {"id": self.account, "object": "account", "default_currency": "usd"}
        if parts[0] in self.forbidden:
            name = self.forbidden[parts[0]]
            message = (
                f"The provided key 'rk_test_*****6789' does not have the required permissions for this endpoint on account '{self.account}'. "
                f"Having the '{name}' permission would allow this request to continue."
            )
            return 403, {"error": {"type": "invalid_request_error", "message": message}}
        if len(parts) == 3 and parts[2] == "payment_methods":
            if all(one["id"] != parts[1] for one in self.objects["customers"]):
                return 404, missing("customer", parts[1])
            return self._listed(path, [one for one in self.objects["payment_methods"] if one["customer"] == parts[1]], query)
        if len(parts) == 3 and parts[2] == "lines":
            owner = next(one for one in self.objects[parts[0]] if one["id"] == parts[1])
            return self._listed(path, owner["lines"]["data"], query)
        for name, parameter in (("invoice_payments", "invoice"), ("refunds", "charge")):
            if parts[0] == name and parameter in query:
                return self._listed(path, [one for one in self.objects[name] if one[parameter] == query[parameter][0]], query)
        listed = [one for one in self.objects.get(parts[0], []) if one["created"] <= int(query["created[lte]"][0])]
        status, body = self._listed(path, listed, query)
        return status, body | {"data": [self._with_parts(one, query) for one in body["data"]]} if status == 200 else body

    def _with_parts(self, one: dict[str, Any], query: dict[str, list[str]]) -> dict[str, Any]:
        """Return an object as lists have it: with the first of its lines, and with other parts if they are to be included."""
        parts = {"lines": one["lines"]["data"]} if "lines" in one else {}
        for name, parameter, part in (("invoice_payments", "invoice", "payments"), ("refunds", "charge", "refunds")):
            if f"data.{part}" in query.get("expand[]", []):
                parts[part] = [other for other in self.objects[name] if other[parameter] == one["id"]]
        return one | {name: {"object": "list", "data": data[:INCLUDED], "has_more": len(data) > INCLUDED} for name, data in parts.items()}

    def _listed(self, path: str, listed: list[dict[str, Any]], query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        limit, start = min(self.page, int(query.get("limit", ["10"])[0])), 0
        if after := query.get("starting_after"):
            ids = [one["id"] for one in listed]
            if after[0] not in ids:
                return 400, missing("starting_after", after[0])
            start = ids.index(after[0]) + 1
        return 200, {"object": "list", "url": path, "data": listed[start : start + limit], "has_more": len(listed) > start + limit}


def missing(param: str, reference: str) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "code": "resource_missing", "param": param, "message": f"No such {param}: '{reference}'"}}


@contextmanager
def serving(objects: dict[str, list[dict[str, Any]]], **options: Any) -> Iterator[StripeServer]:
    """Serve objects on 127.0.0.1 until the end of the block."""
    stripe = StripeServer({name: sorted(some, key=lambda one: (-one["created"], one["id"])) for name, some in objects.items()}, **options)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stripe))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    stripe.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stripe
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(stripe: StripeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One packet for each answer: a second small one would wait for an acknowledgement.
        wbufsize = -1

        def do_GET(self) -> None:
            target = urlsplit(self.path)
            stripe.requests.append((self.path, time.monotonic()))
            fault = stripe.faults.pop(0) if stripe.faults else stripe.fault_at(len(stripe.requests))
            if fault == CUT:
                self.close_connection = True
                self.connection.close()
                return
            if target.path.startswith("/pdf/"):
                stripe.keys_at_pdfs.add(self.headers.get("Authorization"))
                self.send_response(200)
                self.send_header("Content-Length", str(len(stripe.pdf)))
                self.end_headers()
                self.wfile.write(stripe.pdf)
                self.wfile.flush()
            elif isinstance(fault, int):
                self.send(fault, {"error": {"type": "api_error", "message": "spoiled"}})
            elif self.headers.get("Authorization") != f"Bearer {KEY}":
                self.send(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: rk_test_*****wxyz"}})
            elif self.headers.get("Stripe-Version") != VERSION:
                self.send(400, {"error": {"type": "invalid_request_error", "message": "another version"}})
            else:
                self.send(*stripe.answer(target.path, parse_qs(target.query)), is_cut=fault == STALL)

        def send(self, status: int, body: dict[str, Any], *, is_cut: bool = False) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status == 429:
                self.send_header("Retry-After", stripe.retry_after)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if is_cut else content)
            self.wfile.flush()
            if is_cut:
                self.close_connection = True

        def log_message(self, *values: object) -> None:
            """Write no log."""

    return Handler
