"""A page of another origin, in a real browser, that tries to make the server act for whoever reads it."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import asyncpg
import pytest

from tests.gateway.routes.test_browser import FLAGS
from tests.servers.browser import headless_chromium

MUTATION = 'mutation { requestPasswordReset(input: {email: "ada@example.com"}) { done } }'

# Everything that a page can send without asking the server first, and two requests for which the browser does ask.
PAGE = """<!doctype html><title>evil</title><body>
<iframe name="a"></iframe><iframe name="b"></iframe><iframe name="c"></iframe>
<script>
const url = URL_OF_SERVER + '/graphql', mutation = MUTATION, body = JSON.stringify({ query: mutation });
const form = (enctype, target, fields) => {
  const made = document.createElement('form');
  Object.assign(made, { method: 'POST', action: url, enctype, target });
  for (const [name, value] of fields) made.append(Object.assign(document.createElement('input'), { name, value }));
  document.body.append(made); made.submit();
};
const parts = new FormData(); parts.append('operations', body); parts.append('map', '{}');
const tries = {
  image: () => new Promise((done) => { const i = new Image(); i.onload = () => done('loaded'); i.onerror = () => done('error'); i.src = url + '?query=' + encodeURIComponent(mutation); }),
  imageOfAQuery: () => new Promise((done) => { const i = new Image(); i.onload = () => done('loaded'); i.onerror = () => done('error'); i.src = url + '?query={__typename}'; }),
  multipart: () => fetch(url, { method: 'POST', mode: 'no-cors', body: parts }).then((a) => a.type),
  text: () => fetch(url, { method: 'POST', mode: 'no-cors', body }).then((a) => a.type),
  beacon: async () => navigator.sendBeacon(url, new Blob([body], { type: 'text/plain' })),
  json: () => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then((a) => a.status, (e) => 'blocked'),
  proof: () => fetch(url, { method: 'POST', headers: { 'graphql-require-preflight': '1' }, body: parts }).then((a) => a.status, (e) => 'blocked'),
};
(async () => {
  form('text/plain', 'a', [['{"query": ' + JSON.stringify(mutation) + ', "x": "', '"}']]);
  form('application/x-www-form-urlencoded', 'b', [['query', mutation]]);
  form('multipart/form-data', 'c', [['operations', body], ['map', '{}']]);
  const seen = {};
  for (const [name, attempt] of Object.entries(tries)) seen[name] = await attempt().catch((e) => 'failed ' + e);
  await new Promise((done) => setTimeout(done, 500));
  document.title = 'done';
  document.body.replaceChildren(Object.assign(document.createElement('pre'), { id: 'seen', textContent: JSON.stringify(seen) }));
})();
</script>"""


@pytest.fixture
def evil(server: str) -> Iterator[str]:
    """Another origin: the same machine by another name and port."""
    page = PAGE.replace("URL_OF_SERVER", json.dumps(server)).replace("MUTATION", json.dumps(MUTATION), 1)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://localhost:{site.server_port}/"
        site.shutdown()


async def test_a_page_of_another_origin_cannot_make_the_server_act(
    evil: str, tmp_path: Path, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    command = [headless_chromium(), *FLAGS, f"--user-data-dir={tmp_path}", "--virtual-time-budget=15000", "--dump-dom", evil]
    before = await admin.fetchval("select count(*) from audit_event")
    caplog.set_level("INFO", "portico.operation")
    result = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=90)
    assert '<pre id="seen">' in result.stdout, result.stdout[-2000:] + result.stderr[-2000:]
    seen = json.loads(result.stdout.partition('<pre id="seen">')[2].partition("</pre>")[0])
    assert seen["json"] == seen["proof"] == "blocked"
    assert seen["image"] == seen["imageOfAQuery"] == "error"
    codes = [record.code for record in caplog.records if record.name == "portico.operation"]
    assert len(codes) >= 8
    assert set(codes) == {"CROSS_SITE_REQUEST"}
    assert await admin.fetchval("select count(*) from audit_event") == before
