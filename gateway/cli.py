"""The command line: `./portico …`, which is `python -m gateway …`."""

import asyncio
import os
import sys
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

import schema as portal_schema
from auth.keys import Ours
from auth.secret import new_secret
from auth.tokens import Issuer, sign
from auth.viewer import Viewer
from billing.states import Actor
from db import demo as demo_data
from db.outages import DatabaseUnavailable
from db.pool import Database, Pool
from gateway import audit_cli, clients_cli, env_example, error_pages, log, partners_cli, preparing, production, version, welcome
from gateway.app import Setup, create_app
from gateway.clock import run_worker, stopping, tick_once, until_reachable
from gateway.compare import BREAKING, differences, schema_in
from gateway.console import console, say_error, write_utf8
from gateway.explain import CannotExplain, Question
from gateway.explain import explain as explain_document
from gateway.issuer import issuer_of, new_key, secret_of_portal
from gateway.payments import require_processor
from gateway.postgres import CannotReach, Place, check, postgres
from gateway.secret_settings import secrets_of
from gateway.server import Ending, PortInUse, listen
from gateway.server import serve as serve_app
from gateway.settings import Settings, WrongSetting, load
from jobs.worker import QueueEnded

cli = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="Portico, the GraphQL gateway behind a customer portal.")
keys = typer.Typer(no_args_is_help=True, help="The keys that sign tokens.")
schemas = typer.Typer(help="Print the schema (SDL), or compare two.")
cli.add_typer(keys, name="keys")
cli.add_typer(schemas, name="schema")
cli.add_typer(partners_cli.documents, name="documents")
cli.add_typer(clients_cli.clients, name="clients")

# The app of tokens that are made here and name no other.
CLIENT = "portico-cli"
Port = Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")]
DataDir = Annotated[Path | None, typer.Option(help="Where the built-in Postgres and the demo secret live.")]


@cli.callback()
def options(_version: Annotated[bool, typer.Option("--version", is_eager=True, callback=version.show, help="Print the version and exit.")] = False) -> None:
    """Portico, the GraphQL gateway behind a customer portal."""


@cli.command()
def demo(port: Port = None, data_dir: DataDir = None) -> None:
    """Start everything: Postgres, tables, demo customers, server."""
    settings = preparing.with_demo_merchant(load(port=port, data_dir=data_dir))
    production.refuse_demo(settings)
    with listen(settings.host, settings.port) as listener, postgres(settings, on_create=_say_creating) as place:
        issuer = issuer_of(settings)
        asyncio.run(preparing.prepare_demo(place, settings, issuer))
        ending = _ending(settings)
        url = f"http://{settings.host}:{listener.getsockname()[1]}"
        app = create_app(Setup(settings, place.app_url, issuer, place.server_settings, logins=welcome.logins(issuer), url=url, drain=ending.drain, clock=place))
        serve_app(app, listener, ending, on_ready=lambda: _welcome(settings, url, issuer))


@cli.command()
def serve(port: Port = None, data_dir: DataDir = None) -> None:
    """Serve the portal from a database that is migrated already."""
    settings = load(port=port, data_dir=data_dir)
    production.require(settings, issuer_of, secret_of_portal, require_processor)
    with listen(settings.host, settings.port) as listener, postgres(settings) as place:
        asyncio.run(check(place))
        issuer = issuer_of(settings)
        secret_of_portal(settings)
        log.configure(as_json=settings.is_production, level=settings.log_level)
        ending = _ending(settings)
        production.warn(settings)
        url = f"http://{settings.host}:{listener.getsockname()[1]}"
        app = create_app(Setup(settings, place.app_url, issuer, place.server_settings, url=url, drain=ending.drain))
        serve_app(app, listener, ending, on_ready=lambda: console.print(f"READY {url}/graphql"))


@cli.command()
def worker(data_dir: DataDir = None) -> None:
    """Run the billing clock and send unsent letters every minute; delete unused files and expired rows every hour. Any number of workers may run; one runs each pass."""
    settings = load(data_dir=data_dir)
    production.require(settings, secret_of_portal, require_processor)
    log.configure(as_json=settings.is_production, level=settings.log_level)
    with postgres(settings) as place:
        production.warn(settings)
        asyncio.run(_work(settings, place))


@cli.command()
def tick(
    at: Annotated[datetime | None, typer.Option(help="As of this instant, in UTC, such as 2027-01-31T09:00:00; left out, now.")] = None,
    charge_real_customers: Annotated[
        bool, typer.Option("--charge-real-customers", help="Where real money is taken: charge as of an instant in the future all the same.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Run one pass of the billing clock: renew, apply pending changes, end trials and pauses, charge what is due. Then send letters, and delete unused files
    and expired rows, as of now. Exits with 1 if anything failed."""
    settings = load(data_dir=data_dir)
    instant = at.replace(tzinfo=UTC) if at else None
    production.refuse_future(settings, instant, datetime.now(UTC), is_confirmed=charge_real_customers)
    production.require(settings, secret_of_portal, require_processor)
    with postgres(settings) as place:
        asyncio.run(check(place))
        ticked = asyncio.run(tick_once(settings, place, instant))
    done, swept = ticked.clock, ticked.swept
    console.print(f"{done.steps} subscription steps, {done.collections} invoices charged, {done.reconciled} charges settled.")
    console.print(
        f"{ticked.letters.letters} letters sent, {swept.announced} expired upload reservations removed, {swept.objects} unused objects deleted, "
        f"{ticked.forgotten.rows} expired rows deleted."
    )
    if swept.unchecked:
        console.print(
            f"The bucket does not list unfinished uploads, so {swept.unchecked} of the objects may have left parts: see docs/attachments.md#s3-servers."
        )
    if ticked.failures:
        say_error(f"{ticked.failures}. The log above says why; the next tick tries again.")
        raise typer.Exit(1)


@cli.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database up to date: roles, schema, tables."""
    with postgres(load(data_dir=data_dir), on_create=_say_creating) as place:
        asyncio.run(preparing.migrate(place))
    console.print("The database is up to date.")


@cli.command()
def seed(
    customers: Annotated[int, typer.Option(min=0, help="How many generated customers, besides the demo customers.")] = 0, data_dir: DataDir = None
) -> None:
    """Fill the database with demo customers and as many generated ones as you like."""
    settings = load(data_dir=data_dir)
    production.refuse_seed(settings)
    with postgres(settings) as place:
        asyncio.run(check(place))
        _seed(place, customers)


def _seed(place: Place, customers: int) -> None:
    with Progress(console=console) as progress:
        task = progress.add_task("Customers", total=max(customers, 1))
        asyncio.run(preparing.seed(place, customers, lambda done: progress.update(task, completed=done)))
        progress.update(task, completed=max(customers, 1))


@schemas.callback(invoke_without_command=True)
def schema(context: typer.Context) -> None:
    """Print the schema (SDL), or compare two."""
    if context.invoked_subcommand is None:
        sys.stdout.write(portal_schema.print_sdl(portal_schema.build()))


@schemas.command()
def diff(old: Annotated[Path, typer.Argument(help="A schema (SDL).")], new: Annotated[Path, typer.Argument(help="What is to take its place.")]) -> None:
    """Print each change: BREAKING, DANGEROUS or SAFE. Exits with 1 if one breaks clients."""
    found = differences(schema_in(old), schema_in(new))
    for severity, words in found:
        console.print(f"{severity:9} {words}")
    if any(severity == BREAKING for severity, _ in found):
        raise typer.Exit(1)


@cli.command()
def token(
    customer: Annotated[str | None, typer.Option(help="The id of a customer.")] = None,
    email: Annotated[str | None, typer.Option(help="Or the e-mail address of one.")] = None,
    staff: Annotated[bool, typer.Option("--staff", help="A token for staff instead.")] = False,
    client: Annotated[str, typer.Option(help="The app that it is for; a registered one has its mode.")] = CLIENT,
    data_dir: DataDir = None,
) -> None:
    """Print a bearer token, good for a day. In production a customer's token deletes none of the customer's files and changes no password, address or grant."""
    if sum((customer is not None, email is not None, staff)) != 1:
        raise WrongSetting("Give exactly one of --customer ID, --email ADDRESS and --staff.")
    settings = load(data_dir=data_dir)
    issuer = issuer_of(settings)
    viewer = _staff() if staff else _customer(preparing.customer_id(settings, customer, email))
    # In production a token of a customer that is made here is for who operates the portal, and not for the customer.
    acting_party = client if settings.is_production and not staff else None
    print(sign(replace(viewer, client=client, acting_party=acting_party), issuer, now=datetime.now(UTC), lifetime=timedelta(days=1)))


@cli.command()
def explain(
    document: Annotated[str, typer.Argument(help="A file with one operation, or the name of a first-party document such as Summary.")],
    variables: Annotated[str, typer.Option(help="Its variables, as JSON.")] = "{}",
    customer: Annotated[str, typer.Option(help="The id of the customer who asks.")] = demo_data.SHOWN[0].id,
    staff: Annotated[bool, typer.Option("--staff", help="Staff ask instead.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Print the statement that the planner makes of a document, and Postgres' plan of it."""
    question = Question(document, variables, _staff() if staff else _customer(customer))
    with postgres(load(data_dir=data_dir)) as place:
        asyncio.run(check(place))
        asyncio.run(_explain(place, question))


@keys.command("new")
def keys_new(algorithm: Annotated[Ours, typer.Option(help="RS256 is for those who cannot verify EdDSA.")] = "EdDSA", data_dir: DataDir = None) -> None:
    """Make a key that signs tokens from the next start on."""
    path = new_key(load(data_dir=data_dir), algorithm, now=datetime.now(UTC))
    console.print(f"{path} signs after a restart with PORTICO_SIGNING_KEYS_DIR={path.parent}")
    console.print("Keep the older keys there until their last token has expired (15 minutes), then delete them.")
    console.print(f"With more than one server: name it {path.stem}.next.pem, restart all, then take .next out of the name and restart all again.")


@keys.command("secret")
def keys_secret() -> None:
    """Print a new secret for PORTICO_SECRET. All servers and workers of a portal need the same one."""
    print(new_secret())


cli.command("audit")(audit_cli.audit)
cli.command("settings")(env_example.print_settings)
cli.command("errors")(error_pages.print_errors)


def main() -> None:
    """Run a command; what an operator can mend is one line, not a traceback. Whatever happens, no secret of the settings is printed."""
    write_utf8()
    log.hide(secrets_of(os.environ))
    log.configure(as_json=False, level="WARNING", stream=sys.stderr)
    try:
        cli(prog_name="portico")
    except (WrongSetting, CannotReach, PortInUse, CannotExplain, QueueEnded, demo_data.NotTheDemo) as error:
        say_error(str(error))
        sys.exit(1)
    except DatabaseUnavailable as error:
        say_error(f"The database became unavailable: {error.cause}. Try again.")
        sys.exit(1)
    except Exception:  # a bug: its traceback is all that anybody will know of it
        sys.stderr.write(log.hidden(traceback.format_exc()))
        sys.exit(1)


def _say_creating() -> None:
    console.print("Creating the database")


def _ending(settings: Settings) -> Ending:
    """How the process will end, by the settings."""
    return Ending(drain_seconds=settings.drain_seconds, shutdown_seconds=settings.shutdown_seconds)


def _welcome(settings: Settings, url: str, issuer: Issuer) -> None:
    """The addresses first, and then the log."""
    welcome.show(console, url, issuer)
    log.configure(as_json=settings.is_production, level=settings.log_level)


async def _work(settings: Settings, place: Place) -> None:
    stop = stopping()
    await until_reachable(place, stop)
    await run_worker(settings, place, on_ready=lambda: console.print("READY"), stop=stop)


async def _explain(place: Place, question: Question) -> None:
    async with Database(place.app_url, Pool(max_size=1), server_settings=place.server_settings) as database:
        await explain_document(question, database, console)


def _customer(identifier: str) -> Viewer:
    return Viewer(Actor.CUSTOMER, identifier, ("portal",), CLIENT)


def _staff() -> Viewer:
    return Viewer(Actor.STAFF, None, ("staff",), CLIENT)
