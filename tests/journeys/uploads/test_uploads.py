"""Attaching files by the GraphQL multipart request specification, over HTTP."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.files.attachments import MAX_FILE_BYTES, MAX_GROUP_BYTES
from tests.callers.posting import BOUNDARY, PREFLIGHT, UPLOAD, Piece, attach, codes, field, form, group, headers, operations, paths, send
from tests.conftest import ADA, BIG, STAFF, Post, token
from tests.journeys.conftest import everything, left_since
from tests.samples import jpeg, pdf, png
from tests.storage.pictures import header, png_of

MIB = 1024**2
NEXT = f"--{BOUNDARY}\r\n".encode()


async def test_a_group_of_three_formats_is_kept_and_shown(http: httpx.AsyncClient, invoice: str, data_dir: Path, admin: asyncpg.Connection) -> None:
    files = [("Order.pdf", pdf()), ("photo.JPG", jpeg()), ("scan.png", png())]
    await admin.execute("delete from loose_object where customer_id = $1", ADA.customer_id)
    payload = await attach(http, invoice, *files)
    assert payload["userErrors"] == []
    assert payload["replayed"] is False
    for attachment, (name, content), kind in zip(payload["attachments"], files, ("application/pdf", "image/jpeg", "image/png"), strict=True):
        assert attachment["fileName"] == name
        assert attachment["contentType"] == kind
        assert (attachment["sizeBytes"], attachment["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert (attachment["status"], attachment["uploadedBy"], attachment["parent"]) == ("STORED", "CUSTOMER", {"id": invoice})
        key = await admin.fetchval("select object_key from attachment where id = $1", attachment["id"])
        assert (data_dir / "bucket" / key).read_bytes() == content
    assert await admin.fetchval("select count(*) from loose_object where customer_id = $1", ADA.customer_id) == 0


async def test_files_may_come_in_any_order_and_are_shown_in_that_of_the_input(http: httpx.AsyncClient, invoice: str) -> None:
    parts = [Piece("1", png(), "second.png"), Piece("0", pdf(), "first.pdf")]
    answer = await send(http, form(field("operations", operations(invoice, 2)), field("map", paths(2)), *parts))
    assert [attachment["fileName"] for attachment in answer.json()["data"]["uploadAttachments"]["attachments"]] == ["first.pdf", "second.png"]


async def test_a_schedule_takes_files_and_staff_attach_theirs_to_any(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    schedule = await admin.fetchval("select id from payment_schedule where customer_id = $1 and status = 'ACTIVE'", ADA.customer_id)
    assert (await attach(http, schedule, ("a.pdf", pdf())))["attachments"][0]["uploadedBy"] == "CUSTOMER"
    (theirs,) = (await attach(http, schedule, ("b.pdf", pdf()), viewer=STAFF))["attachments"]
    assert theirs["uploadedBy"] == "STAFF"
    assert await admin.fetchval("select customer_id from attachment where id = $1", theirs["id"]) == ADA.customer_id


@pytest.mark.usefixtures("left")
async def test_one_byte_more_than_ten_mebibytes_is_too_much(http: httpx.AsyncClient, invoice: str) -> None:
    payload = await attach(http, invoice, ("a.pdf", pdf()), ("b.pdf", pdf(MAX_FILE_BYTES + 1)))
    assert payload["attachments"] is None
    assert payload["userErrors"][0]["path"] == ["input", "files", "1"]
    assert codes(payload) == ["FILE_TOO_LARGE"]


async def test_ten_mebibytes_are_not_too_much_nor_are_thirty_in_a_group(http: httpx.AsyncClient, invoice: str) -> None:
    payload = await attach(http, invoice, *((f"{number}.pdf", pdf(MAX_FILE_BYTES)) for number in range(3)))
    assert [attachment["sizeBytes"] for attachment in payload["attachments"]] == [MAX_FILE_BYTES] * 3


@pytest.mark.usefixtures("left")
async def test_one_byte_more_than_thirty_mebibytes_in_a_group_is_too_much(http: httpx.AsyncClient, invoice: str) -> None:
    sizes = [8 * MIB, 8 * MIB, 8 * MIB, 6 * MIB + 1]
    assert sum(sizes) == MAX_GROUP_BYTES + 1
    payload = await attach(http, invoice, *((f"{number}.pdf", pdf(size)) for number, size in enumerate(sizes)))
    assert codes(payload) == ["GROUP_TOO_LARGE"]
    assert payload["userErrors"][0]["path"] == ["input", "files"]


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "no bytes": ("a.pdf", b"", "EMPTY_FILE"),
    "a JPEG with the name of a PDF": ("a.pdf", jpeg(), "UNSUPPORTED_FILE"),
    "a PDF with the name of a program": ("a.pdf.exe", pdf(), "UNSUPPORTED_FILE"),
    "a GIF": ("a.gif", b"GIF89a" + bytes(90), "UNSUPPORTED_FILE"),
    "a polyglot": ("a.png", png() + b"PK\x05\x06" + bytes(18), "UNSAFE_FILE"),
    "scripts": ("a.pdf", pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert) >>"), "UNSAFE_FILE"),
    "too many pixels": ("a.png", png(width=50_000, height=50_000), "TOO_MANY_PIXELS"),
    "a picture that unpacks to too much": ("a.png", png_of(header(), 50_000_000), "TOO_COMPLEX"),
    "half of a photo": ("a.jpg", jpeg(9000)[:-3000], "UNSUPPORTED_FILE"),
    "a picture of a type that is not taken": ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80), "UNSUPPORTED_FILE"),
    "half of a picture": ("a.png", png()[:-5], "UNSUPPORTED_FILE"),
}


@pytest.mark.usefixtures("left")
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("name", "content", "code"), REFUSED.values(), ids=REFUSED)
async def test_a_file_that_is_refused_keeps_its_whole_group_out(
    http: httpx.AsyncClient, invoice: str, name: str, content: bytes, code: str, place: int
) -> None:
    files = [("good.pdf", pdf(900_000))]
    files.insert(place, (name, content))
    payload = await attach(http, invoice, *files)
    assert codes(payload) == [code]
    assert payload["userErrors"][0]["path"] == ["input", "files", str(place)]


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("application/pdf", None),
        ("Application/PDF; x=y", None),
        ("application/octet-stream", None),
        ("binary/octet-stream", None),
        ("application/x-pdf", None),
        (None, None),
        ("image/png", "UNSUPPORTED_FILE"),
        ("text/html", "UNSUPPORTED_FILE"),
    ],
)
async def test_a_declared_type_is_refused_where_it_says_something_quite_different(
    http: httpx.AsyncClient, invoice: str, declared: str | None, code: str | None
) -> None:
    body = form(field("operations", operations(invoice, 1)), field("map", paths(1)), Piece("0", pdf(), "a.pdf", declared))
    assert codes((await send(http, body)).json()["data"]["uploadAttachments"]) == ([code] if code else [])


@pytest.mark.usefixtures("left")
async def test_what_files_cannot_be_attached_to_is_refused(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    theirs = await admin.fetchval("select id from invoice where customer_id = $1 limit 1", BIG.customer_id)
    subscription = await admin.fetchval("select id from subscription where customer_id = $1 limit 1", ADA.customer_id)
    for parent in (theirs, subscription, "inv_01m829w97ne1msh76cygrhecz9", "x", ""):
        payload = await attach(http, parent, ("a.pdf", pdf()))
        assert payload["userErrors"] == [{"code": "NOT_FOUND", "message": "There is no such invoice or payment schedule.", "path": ["input", "parentId"]}]
    canceled = await admin.fetchrow("select id, customer_id from payment_schedule where status = 'CANCELED' limit 1")
    payload = await attach(http, canceled["id"], ("a.pdf", pdf()), viewer=STAFF)
    assert codes(payload) == ["WRONG_STATE"]


@pytest.mark.usefixtures("left")
async def test_no_file_and_more_than_a_hundred_are_refused(http: httpx.AsyncClient, invoice: str) -> None:
    assert codes(await attach(http, invoice)) == ["INVALID_VALUE"]
    assert codes(await attach(http, invoice, *((f"{number}.png", png()) for number in range(101)))) == ["TOO_MANY_FILES"]


async def test_a_hundred_files_with_long_names_are_one_group(http: httpx.AsyncClient, invoice: str, admin: asyncpg.Connection) -> None:
    files = [(f"{number:03} " + "\N{GRINNING FACE}" * 61 + ".png", png(300 + number)) for number in range(100)]
    payload = await attach(http, invoice, *files, key="a hundred")
    assert payload["userErrors"] == []
    assert [(attachment["fileName"], attachment["sizeBytes"]) for attachment in payload["attachments"]] == [(name, len(content)) for name, content in files]
    assert (await attach(http, invoice, *files, key="a hundred"))["replayed"] is True
    assert await admin.fetchval("select count(*) from attachment where file_name = any($1::text[])", [name for name, _ in files]) == 100


async def test_the_same_key_attaches_once_and_another_input_under_it_is_a_conflict(http: httpx.AsyncClient, invoice: str, admin: asyncpg.Connection) -> None:
    first = await attach(http, invoice, ("a.pdf", pdf()), key="once")
    again = await attach(http, invoice, ("a.pdf", pdf()), key="once")
    assert (again["replayed"], again["attachments"][0]["id"]) == (True, first["attachments"][0]["id"])
    for files in ([("a.pdf", pdf(1001))], [("b.pdf", pdf())], [("a.pdf", pdf()), ("a.pdf", pdf())]):
        assert codes(await attach(http, invoice, *files, key="once")) == ["IDEMPOTENCY_CONFLICT"]
    assert codes(await attach(http, invoice, ("a.pdf", pdf()), key="k" * 256)) == ["INVALID_VALUE"]
    assert await admin.fetchval("select count(*) from attachment where file_name = 'a.pdf' and id >= $1", first["attachments"][0]["id"]) == 1


async def test_the_same_key_of_the_customer_and_of_each_program_of_staff_are_different_keys(http: httpx.AsyncClient, invoice: str) -> None:
    callers = (ADA, STAFF, replace(STAFF, client="another"))
    first = [await attach(http, invoice, ("own.pdf", pdf()), key="of three", viewer=viewer) for viewer in callers]
    assert [(codes(payload), payload["replayed"]) for payload in first] == [([], False)] * 3
    assert len({payload["attachments"][0]["id"] for payload in first}) == 3
    for viewer, payload in zip(callers, first, strict=True):
        again = await attach(http, invoice, ("own.pdf", pdf()), key="of three", viewer=viewer)
        assert (again["replayed"], again["attachments"][0]["id"]) == (True, payload["attachments"][0]["id"])
        assert codes(await attach(http, invoice, ("own.pdf", pdf(1001)), key="of three", viewer=viewer)) == ["IDEMPOTENCY_CONFLICT"]


async def test_twenty_calls_at_once_with_one_key_attach_once(http: httpx.AsyncClient, invoice: str, admin: asyncpg.Connection) -> None:
    payloads = await asyncio.gather(*(attach(http, invoice, ("twenty.pdf", pdf(50_000)), key="at once") for _ in range(20)))
    done = [payload for payload in payloads if payload["attachments"]]
    assert all(codes(payload) == ["IN_PROGRESS"] for payload in payloads if payload not in done)
    done.append(await attach(http, invoice, ("twenty.pdf", pdf(50_000)), key="at once"))
    assert len({payload["attachments"][0]["id"] for payload in done}) == 1
    assert sorted(payload["replayed"] for payload in done) == [False] + [True] * (len(done) - 1)
    assert await admin.fetchval("select count(*) from attachment where file_name = 'twenty.pdf'") == 1


async def test_a_parent_holds_so_many_files_and_no_more_also_when_many_come_at_once(start_server: Any, urls: Any, admin: asyncpg.Connection) -> None:
    parent = await admin.fetchval(
        "select id from invoice i where customer_id = $1 and not exists (select 1 from attachment a where a.customer_id = i.customer_id and a.invoice_id = i.id) order by id desc limit 1",
        ADA.customer_id,
    )
    async with httpx.AsyncClient(base_url=start_server(urls.app, max_files_per_parent=3, pool_size=20), timeout=20) as client:
        payloads = await asyncio.gather(*(attach(client, parent, ("a.pdf", pdf())) for _ in range(12)))
        assert sorted(map(codes, payloads)) == [[]] * 3 + [["QUOTA_EXCEEDED"]] * 9
        assert codes(await attach(client, parent, ("d.pdf", pdf()))) == ["QUOTA_EXCEEDED"]


NAMES = {
    "../../etc/passwd.pdf": "passwd.pdf",
    "C:\\Users\\ada\\a.pdf": "a.pdf",
    "a\r\nSet-Cookie: x.pdf": "a Set-Cookie: x.pdf",
    "in\u202efdp.exe.pdf": "infdp.exe.pdf",
    "\u2066\u200bzero\ufeff.pdf": "zero.pdf",
    "..": "attachment.pdf",
    "a": "a.pdf",
    "a.pdf.": "a.pdf",
    ".pdf": "attachment.pdf",
    "../.pdf": "attachment.pdf",
    "Rechnung für \N{GRINNING FACE}.pdf": "Rechnung für \N{GRINNING FACE}.pdf",
    'say "no".pdf': 'say "no".pdf',
    "é" * 150 + ".pdf": "é" * 125 + ".pdf",
    "x" * 300 + ".pdf": "x" * 251 + ".pdf",
    "a\x00b\x7f.pdf": "ab.pdf",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=range(len(NAMES)))
async def test_a_name_is_cleaned_and_kept_for_display(http: httpx.AsyncClient, invoice: str, name: str, expected: str) -> None:
    payload = await attach(http, invoice, (name, pdf()))
    assert payload["attachments"][0]["fileName"] == expected
    async with httpx.AsyncClient() as anybody:
        answer = await anybody.get(payload["attachments"][0]["downloadUrl"])
    assert answer.content == pdf()
    assert "\n" not in answer.headers["content-disposition"]


FILE = Piece("0", pdf(), "a.pdf", "application/pdf")
OPERATIONS, MAP = field("operations", operations("inv_x", 1)), field("map", paths(1))

SHAPES: dict[str, bytes] = {
    "nothing": form(),
    "the wrong order": form(MAP, OPERATIONS, FILE),
    "a file before the map": form(OPERATIONS, FILE, MAP),
    "files first": form(FILE, OPERATIONS, MAP),
    "no operations": form(MAP, FILE),
    "operations twice": form(OPERATIONS, OPERATIONS, MAP, FILE),
    "operations as a file": form(Piece("operations", OPERATIONS.content, "operations.json"), MAP, FILE),
    "map as a file": form(OPERATIONS, Piece("map", MAP.content, "map.json"), FILE),
    "no map": form(OPERATIONS, FILE),
    "a batch": form(field("operations", [operations("inv_x", 1)]), field("map", {"0": ["0.variables.input.files.0"]}), FILE),
    **{
        f"operations are {text!r}": form(field("operations", text), MAP, FILE)
        for text in (b"null", b"1", b"true", b'"x"', b"[]", b"{}", b"{", b"", b"\xff", b"[" * 5000)
    },
    **{f"map is {text!r}": form(OPERATIONS, field("map", text), FILE) for text in (b"null", b"1", b"true", b'"x"', b"[]", b"{", b"", b"\xff", b"[" * 5000)},
    **{
        f"a path is {path!r}": form(OPERATIONS, field("map", {"0": path}), FILE)
        for path in (None, 1, "variables.input.files.0", {}, [], [1], [None], [["variables"]])
    },
    **{
        f"a path leads to {path!r}": form(OPERATIONS, field("map", {"0": [path]}), FILE)
        for path in (
            "query",
            "variables",
            "operationName",
            "",
            ".",
            "variables.",
            "variables.input",
            "variables.input.files",
            "variables.input.files.1",
            "variables.input.files.-1",
            "variables.input.files.x",
            "variables.input.files.0.0",
            "variables.input.files.99999999999999999999",
            "variables.input.parentId",
            "variables.input.parentId.0",
            "variables.nothing",
            "variables.__proto__.x",
            "input.files.0",
        )
    },
    "a file that belongs to two places": form(
        field("operations", operations("inv_x", 2)), field("map", {"0": ["variables.input.files.0", "variables.input.files.1"]}), FILE
    ),
    "two files for one place": form(
        OPERATIONS, field("map", {"0": ["variables.input.files.0"], "1": ["variables.input.files.0"]}), FILE, Piece("1", pdf(), "b.pdf")
    ),
    "no such format": b"hello",
    "no end of operations": OPERATIONS.written()[:-40],
}


@pytest.mark.usefixtures("left")
@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES)
async def test_a_request_of_another_shape_is_bad(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await send(http, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["extensions"]["code"] in ("BAD_REQUEST", "BAD_PARAMETERS")
    assert "data" not in answer.json()


@pytest.mark.usefixtures("left")
async def test_files_that_are_missing_too_many_or_none_make_it_bad_when_it_is_noticed(http: httpx.AsyncClient, invoice: str) -> None:
    two = (field("operations", operations(invoice, 2)), field("map", paths(2)))
    second = Piece("1", pdf(), "b.pdf")
    for body in (
        form(*two),
        form(*two, FILE),
        form(*two, FILE, FILE),
        form(*two, FILE, second, Piece("2", pdf(), "c.pdf")),
        form(*two, FILE, second, field("note", b"x")),
        form(*two, FILE, Piece("2", pdf(), "c.pdf"), second),
        form(*two, FILE, Piece("1", b"a string")),
        form(*two, FILE, second)[:-30],
        form(*two, FILE, second)[:-4],
        form(*two, FILE, Piece("", pdf(), header=b"Content-Disposition: form-data")),
        form(*two, FILE, Piece("", pdf(), header=b"X: y")),
        form(*two, FILE, Piece("1", pdf(), header=b'Content-Disposition: form-data; name="1"; filename="' + b"x" * 70_000 + b'"')),
    ):
        answer = await send(http, body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.usefixtures("left")
async def test_anything_but_a_file_in_a_variable_is_bad_user_input(http: httpx.AsyncClient, invoice: str) -> None:
    for wrong in ("a string", None, 1, {}, []):
        variables = {"input": {"parentId": invoice, "files": [wrong], "idempotencyKey": "k"}}
        for answer in (
            await send(http, form(field("operations", {"query": UPLOAD, "variables": variables}), field("map", {}))),
            await http.post("/graphql", json={"query": UPLOAD, "variables": variables}, headers={"Authorization": f"Bearer {token(ADA)}"}),
        ):
            assert answer.status_code == 200
            assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"BAD_USER_INPUT"}
            assert "data" not in answer.json()


@pytest.mark.usefixtures("left")
async def test_a_file_may_stand_in_the_list_once(http: httpx.AsyncClient, invoice: str) -> None:
    query = 'mutation ($f: Upload!, $p: ID!) { uploadAttachments(input: {parentId: $p, files: [$f, $f], idempotencyKey: "k"}) { attachments { id } } }'
    body = form(field("operations", {"query": query, "variables": {"f": None, "p": invoice}}), field("map", {"0": ["variables.f"]}), FILE)
    answer = (await send(http, body)).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def two_groups(invoice: str) -> list[Piece]:
    """The fields of two mutations, each with a file of its own."""
    query = """mutation ($a: Upload!, $b: Upload!, $p: ID!) {
      one: uploadAttachments(input: {parentId: $p, files: [$a], idempotencyKey: "one of two"}) { attachments { fileName } }
      two: uploadAttachments(input: {parentId: $p, files: [$b], idempotencyKey: "two of two"}) { attachments { fileName } } }"""
    return [
        field("operations", {"query": query, "variables": {"a": None, "b": None, "p": invoice}}),
        field("map", {"a": ["variables.a"], "b": ["variables.b"]}),
    ]


async def test_two_groups_in_one_operation_are_attached_one_after_the_other(http: httpx.AsyncClient, invoice: str) -> None:
    fields, both = two_groups(invoice), [Piece("a", pdf(), "a.pdf"), Piece("b", pdf(), "b.pdf")]
    answer = (await send(http, form(*fields, *both))).json()
    assert [answer["data"][name]["attachments"][0]["fileName"] for name in ("one", "two")] == ["a.pdf", "b.pdf"]
    wrong = (await send(http, form(*fields, *reversed(both)))).json()
    assert {error["extensions"]["code"] for error in wrong["errors"]} == {"BAD_USER_INPUT"}


@pytest.mark.usefixtures("left")
async def test_nobody_who_may_not_upload_is_heard_to_the_end(http: httpx.AsyncClient, invoice: str) -> None:
    """The body breaks off right behind the map, so whoever answers has not waited for a file."""
    body = field("operations", operations(invoice, 1)).written() + field("map", paths(1)).written() + NEXT
    assert (await send(http, body, None)).status_code == 401
    without = {name: value for name, value in headers().items() if name not in PREFLIGHT}
    answer = await http.post("/graphql", content=group(invoice, ("a.pdf", pdf())), headers=without)
    assert answer.status_code == 403
    assert "GraphQL-Require-Preflight" in answer.text
    invalid = field("operations", operations(invoice, 1, query="mutation { nothing }")).written() + field("map", paths(1)).written() + NEXT
    answer = await send(http, invalid)
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    theirs = field("operations", operations("inv_01m829w97ne1msh76cygrhecz9", 1)).written() + field("map", paths(1)).written() + NEXT
    assert codes((await send(http, theirs)).json()["data"]["uploadAttachments"]) == ["NOT_FOUND"]


@pytest.mark.parametrize("name", ["Apollo-Require-Preflight", "X-Apollo-Operation-Name", "graphql-require-preflight"])
async def test_each_of_three_headers_tells_that_no_form_of_another_site_sent_it(http: httpx.AsyncClient, invoice: str, name: str) -> None:
    sent = {key: value for key, value in headers().items() if key not in PREFLIGHT} | {name: "1"}
    assert (await http.post("/graphql", content=group(invoice, ("a.pdf", pdf())), headers=sent)).status_code == 200


async def test_what_became_of_an_upload_is_found_by_its_key(http: httpx.AsyncClient, invoice: str, post: Post) -> None:
    payload = await attach(http, invoice, ("a.pdf", pdf()), key="whose answer was lost")
    operation = await post(
        "query ($key: String!) { operation(idempotencyKey: $key) { mutation state attachments { id status } } }", key="whose answer was lost"
    )
    attachments = [{"id": payload["attachments"][0]["id"], "status": "STORED"}]
    assert operation.json()["data"]["operation"] == {"mutation": "uploadAttachments", "state": "DONE", "attachments": attachments}


async def test_uploads_on_slow_lines_keep_nobody_from_asking(start_server: Any, urls: Any, invoice: str) -> None:
    """One place for operations and one for uploads; whoever finds none hears so at once."""
    begun = field("operations", operations(invoice, 1)).written() + field("map", paths(1)).written() + NEXT
    is_answered = asyncio.Event()

    async def slowly() -> Any:
        yield begun
        await is_answered.wait()

    url = start_server(urls.app, max_running=1, max_queued=0, max_uploads=1)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        slow = asyncio.create_task(client.post("/graphql", content=slowly(), headers=headers()))
        await asyncio.sleep(0.5)
        assert (await client.post("/graphql", json={"query": "{ customer { id } }"}, headers={"Authorization": f"Bearer {token(ADA)}"})).status_code == 200
        assert (await send(client, group(invoice, ("a.pdf", pdf())))).status_code == 503
        is_answered.set()
        assert (await slow).status_code == 400
        assert (await send(client, group(invoice, ("a.pdf", pdf())))).status_code == 200


async def test_what_stands_before_the_files_has_as_long_to_come_as_any_body(start_server: Any, urls: Any) -> None:
    async def never() -> Any:
        yield b"--"
        await asyncio.sleep(2)

    async with httpx.AsyncClient(base_url=start_server(urls.app, body_seconds=0.3), timeout=20) as client:
        answer = await client.post("/graphql", content=never(), headers=headers())
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (408, "REQUEST_TIMEOUT")


@pytest.mark.usefixtures("left")
async def test_more_than_a_group_can_need_is_413(http: httpx.AsyncClient, invoice: str) -> None:
    body = group(invoice, *((f"{number}.pdf", pdf(MAX_FILE_BYTES)) for number in range(4)))
    announced = await send(http, body)

    async def pieces() -> AsyncIterator[bytes]:
        """No length is announced; the first file is refused by its name, and the second mutation has to pass over it."""
        yield form(*two_groups(invoice), Piece("a", b"", "a.exe"))[: -len(BOUNDARY) - 8]
        for _ in range(40):
            yield bytes(MIB)
        yield b"\r\n" + form(Piece("b", pdf(), "b.pdf"))

    counted = await http.post("/graphql", content=pieces(), headers=headers())
    long = await send(http, form(field("operations", operations(invoice, 1) | {"padding": "x" * 300_000}), field("map", paths(1)), FILE))
    assert [answer.status_code for answer in (announced, counted, long)] == [413, 413, 413]
    assert announced.json()["errors"][0]["extensions"]["code"] == "CONTENT_TOO_LARGE"


@pytest.mark.parametrize("sent", [0, 10, 700, 400_000, 1_500_000])
async def test_a_client_who_goes_away_leaves_nothing_behind(server: str, invoice: str, sent: int, admin: asyncpg.Connection, data_dir: Path) -> None:
    before = await everything(admin, data_dir)
    body = group(invoice, ("a.pdf", pdf(MIB)), ("b.pdf", pdf(MIB)))
    host, _, port = server.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{name}: {value}" for name, value in {**headers(), "Host": host, "Content-Length": str(len(body))}.items()]
    writer.write("\r\n".join(["POST /graphql HTTP/1.1", *lines, "", ""]).encode() + body[:sent])
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    assert await left_since(before, admin, data_dir) == [set(), set()]


@pytest.mark.usefixtures("left")
async def test_a_client_who_dribbles_is_given_up(start_server: Any, urls: Any, invoice: str) -> None:
    async def dribble() -> AsyncIterator[bytes]:
        body = group(invoice, ("a.pdf", pdf()))
        for at in range(0, len(body), 2):
            yield body[at : at + 20]
            await asyncio.sleep(0.1)

    url = start_server(urls.app, upload_seconds=1)
    began = asyncio.get_running_loop().time()
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        with suppress(httpx.HTTPError):  # the connection is closed, and this client does not listen before all is sent
            assert (await client.post("/graphql", content=dribble(), headers=headers())).status_code == 408
    assert asyncio.get_running_loop().time() - began < 10


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_makes_the_server_fail(server: str, data: st.DataObject) -> None:
    json = st.recursive(
        st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["variables", "variables.input.files.0", "0", UPLOAD]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["query", "variables", "input", "files", "0", "1"]), inner, max_size=3),
        max_leaves=8,
    )
    parts = [field("operations", data.draw(json)), field("map", data.draw(json)), FILE]
    body = form(*data.draw(st.permutations(parts))) if data.draw(st.booleans()) else form(*parts)
    cut = data.draw(st.integers(0, 60))
    answer = httpx.post(f"{server}/graphql", content=body[: len(body) - cut], headers=headers(), timeout=20)
    assert answer.status_code < 500
