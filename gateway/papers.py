"""`/papers/…`: invoices, receipts and statements by signed addresses, printed when they are asked for."""

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.links import Asked, secret_of
from auth.tokens import Issuer
from billing.states import Actor
from db.pool import Database
from db.session import Caller, DatabaseUnavailable, Session
from gateway import answers
from gateway.downloads import HEADERS, disposition, form
from gateway.settings import Settings, WrongSetting
from papers.press import Press
from papers.sheet import Logo, Merchant
from papers.statement import statement_csv
from resolvers import papers
from resolvers.papers import Asking

STATEMENT = re.compile(r"([A-Z]{3})\.(\d{4}-\d\d-\d\d)\.(\d{4}-\d\d-\d\d)\.(pdf|csv)")
KINDS: dict[str, Literal["svg", "png", "jpeg"]] = {".svg": "svg", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}


def routes(database: Database, issuer: Issuer, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """Raises WrongSetting."""
    secrets = tuple(secret_of(key) for key in issuer.keys if key.signing is not None)
    merchant, press = merchant_of(settings), Press(at_once=settings.papers_at_once)

    async def download(request: Request) -> Response:
        given = request.query_params
        asked = Asked(request.path_params["name"], given.get("customer", ""), given.get("expires", ""), given.get("signature", ""), "papers")
        if not asked.holds(secrets, now=clock()):
            return answers.refused("FORBIDDEN", "This address is no longer good. Ask for a new one.", form())
        session = Session(database, Caller(asked.customer_id, Actor.CUSTOMER, clock()))
        try:
            return await _printed(Asking(session, asked.customer_id, merchant), asked.identifier, press)
        except DatabaseUnavailable:
            return answers.unavailable(form())
        finally:
            await session.close()

    return [Route("/papers/{name}", download, methods=["GET"])]


def merchant_of(settings: Settings) -> Merchant:
    try:
        return Merchant(settings.merchant, settings.merchant_address, settings.merchant_accent, _logo(settings.merchant_logo), settings.merchant_footer)
    except ValueError as error:
        raise WrongSetting(f"PORTICO_MERCHANT_ACCENT: {error}") from None


async def _printed(asking: Asking, name: str, press: Press) -> Response:
    """What is read is read before it is printed: no connection waits for the press."""
    if match := STATEMENT.fullmatch(name):
        return await _statement(asking, match, press)
    paper = await (papers.receipt if name.startswith("pay_") else papers.invoice)(asking, name)
    await asking.session.close()
    if paper is None:
        return answers.refused("NOT_FOUND", "There is no such paper.", form())
    return _file(await press.print(paper), "application/pdf", f"{paper.template}-{name}.pdf")


async def _statement(asking: Asking, match: re.Match[str], press: Press) -> Response:
    currency, starts_on, ends_on, kind = match.groups()
    found = await papers.statement(asking, currency, starts_on=date.fromisoformat(starts_on), ends_on=date.fromisoformat(ends_on))
    name = f"statement-{currency}-{starts_on}-{ends_on}.{kind}"
    if kind == "csv":
        return _file(statement_csv(found), "text/csv; charset=utf-8", name)
    paper = await papers.printed_statement(asking, found)
    await asking.session.close()
    return _file(await press.print(paper), "application/pdf", name)


def _file(content: bytes, content_type: str, name: str) -> Response:
    return Response(content, headers={**HEADERS, "Content-Type": content_type, "Content-Disposition": disposition(name)})


def _logo(path: Path | None) -> Logo | None:
    if path is None:
        return None
    kind = KINDS.get(path.suffix.lower())
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WrongSetting(f"PORTICO_MERCHANT_LOGO: {path} cannot be read ({error.strerror}).") from None
    if kind is None:
        raise WrongSetting("PORTICO_MERCHANT_LOGO: is an SVG, PNG or JPEG file.")
    return Logo(content, kind)
