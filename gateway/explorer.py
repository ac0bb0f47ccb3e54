"""GraphiQL, served by ourselves: the built page under graphiql/dist and what it needs to know."""

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from gateway.documents import first_party

DIST = Path(__file__).with_name("graphiql") / "dist"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

VARIABLES = {"Subscription": '{"id": "sub_…"}', "PaymentSchedule": '{"id": "sch_…"}'}


@dataclass(frozen=True, slots=True)
class Assets:
    """The files of the page, all under our policy."""

    files: StaticFiles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        await self.files(scope, receive, guarded)


def routes(token: str | None) -> list[BaseRoute]:
    """The page, its assets and its configuration; `token` prefills the header editor."""
    config = {
        "endpoint": "/graphql",
        "headers": {"Authorization": f"Bearer {token}"} if token else {},
        "tabs": [{"title": name, "query": text, "variables": VARIABLES.get(name, "{}")} for name, text in sorted(first_party().items(), key=_summary_first)],
    }

    async def page(_: Request) -> Response:
        return FileResponse(DIST / "index.html", headers=HEADERS | {"Cache-Control": "no-cache"})

    async def configuration(_: Request) -> Response:
        return JSONResponse(config, headers=HEADERS | {"Cache-Control": "private, no-store"})

    return [
        Route("/graphiql", page),
        Route("/graphiql/config.json", configuration),
        Mount("/graphiql", Assets(StaticFiles(directory=DIST, check_dir=False))),
    ]


def _summary_first(item: tuple[str, str]) -> tuple[bool, str]:
    return item[0] != "Summary", item[0]
