"""localstripe as a program, with missing features added and with faults of the network. It prints its port and serves 127.0.0.1.

It fills in what the adapter relies on and localstripe leaves out: idempotency keys, who a listed PaymentIntent belongs to, and which one a declined card belongs to. And it
fails on request: `POST /_wire` with `{"fault": …, "path": …, "method": …}` spoils the next such request; `GET /_wire` lists what was asked, with its keys.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from localstripe.resources import Store, store
from localstripe.server import app, get_post_data

Store.dump_to_disk = lambda self: None

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
faults: list[dict[str, str]] = []
requests: list[dict[str, Any]] = []
answers: dict[str, tuple[str, web.Response]] = {}


async def control(request: web.Request) -> web.Response:
    if request.method == "POST":
        faults.append(await request.json())
    if request.method == "DELETE":
        faults.clear()
        requests.clear()
    return web.json_response(requests)


@web.middleware
async def wire(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path == "/_wire":
        return await control(request)
    fault = next((fault for fault in faults if request.path.startswith(fault["path"]) and request.method == fault["method"]), None)
    if fault:
        faults.remove(fault)
    kind = fault["fault"] if fault else ""
    requests.append({"method": request.method, "path": request.path, "key": request.headers.get("Idempotency-Key"), "body": (await request.read()).decode()})
    if kind == "lose the request":
        await asyncio.sleep(30)
    if kind == "another page":
        return web.json_response({"object": "list", "data": [], "has_more": True, "url": request.path})
    if kind.isdigit():
        return web.json_response({"error": {"type": "api_error", "message": "spoiled"}}, status=int(kind))
    answer = await answered(request, handler)
    if kind == "lose the answer":
        await asyncio.sleep(30)
    if kind == "cut the line" and request.transport:
        request.transport.close()
    return answer


async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Execute a request once for each idempotency key; other parameters are an error (https://docs.stripe.com/api/idempotent_requests)."""
    key, body = request.headers.get("Idempotency-Key"), (await request.read()).decode()
    if request.method != "POST" or key is None:
        return await filled(request, handler)
    if key in answers and answers[key][0] != body:
        return web.json_response({"error": {"type": "idempotency_error", "message": "the key stands for another request"}}, status=400)
    if key not in answers:
        answer = await filled(request, handler)
        answers[key] = (body, answer)
    response = answers[key][1]
    return web.Response(body=response.body, status=response.status, content_type="application/json")


async def filled(request: web.Request, handler: Handler) -> web.Response:
    if request.method == "GET" and request.path == "/v1/payment_intents":
        mine = [thing._export() for name, thing in store.items() if name.startswith("payment_intent:") and thing.customer == request.query["customer"]]
        return web.json_response({"object": "list", "data": mine, "has_more": False, "url": request.path})
    answer = await handler(request)
    assert isinstance(answer, web.Response)
    if answer.status == 402 and request.path == "/v1/payment_intents":
        body = json.loads(answer.text or "")
        data = await get_post_data(request)
        intents = [thing for name, thing in store.items() if name.startswith("payment_intent:") and thing.metadata == data["metadata"]]
        body["error"]["payment_intent"] = intents[-1]._export()
        return web.json_response(body, status=402)
    return answer


app.middlewares.insert(0, wire)


async def main() -> None:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # Until the parent process has ended.
    await runner.cleanup()


asyncio.run(main())
