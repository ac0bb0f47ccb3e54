"""GraphiQL: the built page under graphiql/dist, and its configuration."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.documents.document_cache import of_staff
from gateway.http.graphql.state import AppState
from gateway.routes.assets import Assets
from gateway.routes.examples import Login, documents, variables_of
from gateway.routes.staff_examples import staff_variables

DIST = Path(__file__).parents[1] / "graphiql" / "dist"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def routes(app: AppState, logins: tuple[Login, ...]) -> list[BaseRoute]:
    """Return the routes of the page, its assets and its configuration; `logins` are the customers and the staff as whom it may send requests."""
    tabs = [{"title": name, "query": text} for name, text in (documents() | of_staff()).items()]

    async def page(_: Request) -> Response:
        return FileResponse(DIST / "index.html", headers=HEADERS | {"Cache-Control": "no-cache"})

    async def configuration(_: Request) -> Response:
        customers = [await _customer(app, login, logins[0]) for login in logins]
        config = {"endpoint": "/graphql", "tabs": tabs, "customers": customers}
        return JSONResponse(config, headers=HEADERS | {"Cache-Control": "private, no-store"})

    return [
        Route("/graphiql", page),
        Route("/graphiql/config.json", configuration),
        Mount("/graphiql", Assets(str(DIST), HEADERS)),
    ]


def for_browsers(endpoint: ASGIApp) -> ASGIApp:
    """Return the endpoint of `/graphql` for a server with GraphiQL: a browser that opens its URL, which is a GET without parameters that accepts HTML, is sent there."""

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        is_opened = scope["method"] == "GET" and not scope["query_string"] and b"text/html" in dict(scope["headers"]).get(b"accept", b"")
        answer = RedirectResponse("/graphiql", headers={"Cache-Control": "no-store"}) if is_opened else endpoint
        await answer(scope, receive, send)

    return dispatch


async def _customer(app: AppState, login: Login, example: Login) -> dict[str, Any]:
    """Return the configuration for one login. `variables` has the variables of each tab by its title; a tab without an entry is not for this login.

    Staff's documents are about the customer `example`.
    """
    about = {"id": login.id, "name": login.name, "about": login.about}
    variables = staff_variables(app.schema, customer_id=example.id, today=app.clock().date()) if login.is_staff else await variables_of(app, login)
    return about | {"headers": {"Authorization": f"Bearer {login.token}"}, "variables": variables}
