"""The command line: `./portico …`, which is `python -m gateway …`.

The commands of this file and of `partners` and `clients` are signatures with their help. Each imports what does its work when it is called, so that
printing help imports neither the schema nor the database's driver, and a command only what it uses.
"""

import gc
import sys
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli import catalog, clients, imports, partners, sources, version, webhooks
from gateway.cli.options import CLIENT, Command, DataDir, Distribute, Port, Workers
from gateway.operator_errors import OperatorError

# Without rich, which takes as long to import as everything else that the help needs.
cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Portico, the GraphQL gateway behind a customer portal.",
)
keys = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The keys that sign tokens.")
schemas = typer.Typer(rich_markup_mode=None, help="Print the schema (SDL), or compare two.")
cli.add_typer(keys, name="keys")
cli.add_typer(schemas, name="schema")
cli.add_typer(partners.documents, name="documents")
cli.add_typer(clients.clients, name="clients")
cli.add_typer(catalog.catalog, name="catalog")
cli.add_typer(webhooks.webhooks, name="webhooks")
imports.add_to(cli)
cli.add_typer(sources.sources, name="import-from")


@cli.callback()
def options(_version: Annotated[bool, typer.Option("--version", is_eager=True, callback=version.show, help="Print the version and exit.")] = False) -> None:
    """Portico, the GraphQL gateway behind a customer portal."""


@cli.command(cls=Command)
def demo(port: Port = None, data_dir: DataDir = None) -> None:
    """Start everything: Postgres, tables, demo customers, server."""
    from gateway.cli.commands import demo as demo_command

    demo_command.demo(port, data_dir)


@cli.command(cls=Command)
def serve(port: Port = None, data_dir: DataDir = None, workers: Workers = None) -> None:
    """Serve the portal from a database that is migrated already."""
    # What is imported and built at start stays, and collecting garbage meanwhile takes a tenth of the start. It is enabled again before the first request.
    gc.disable()
    try:
        from gateway.cli.commands import serve as serve_command

        serve_command.serve(port, data_dir, workers)
    finally:
        gc.enable()


@cli.command(cls=Command)
def worker(data_dir: DataDir = None) -> None:
    """Run the billing clock, send letters and clean up until stopped.

    The billing clock runs and unsent letters are sent every minute; unused files and expired rows are deleted every hour. Any number of workers may run; one runs
    each pass.
    """
    from gateway.cli.commands import worker as worker_command

    worker_command.worker(data_dir)


@cli.command(cls=Command)
def tick(
    at: Annotated[datetime | None, typer.Option(help="As of this instant, in UTC, such as 2027-01-31T09:00:00; left out, now.")] = None,
    charge_real_customers: Annotated[
        bool, typer.Option("--charge-real-customers", help="Where real money is taken: charge as of an instant in the future all the same.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Run one pass of all that a worker does.

    The billing clock renews, applies pending changes, ends trials and pauses, and charges what is due. Then letters are sent, and unused files and expired rows are
    deleted, as of now. Exits with 1 if anything failed.
    """
    from gateway.cli.commands import worker as worker_command

    worker_command.tick(at, data_dir, is_confirmed=charge_real_customers)


@cli.command(cls=Command)
def migrate(distribute: Distribute = False, data_dir: DataDir = None) -> None:
    """Bring the database up to date: roles, schema, tables."""
    from gateway.cli.commands import migrate as migrate_command

    migrate_command.migrate(data_dir, distribute=distribute)


@cli.command(cls=Command)
def seed(
    customers: Annotated[int, typer.Option(min=0, help="How many generated customers, besides the demo customers.")] = 0, data_dir: DataDir = None
) -> None:
    """Fill the database with demo customers and generated ones."""
    from gateway.cli.commands import demo as demo_command

    demo_command.seed(customers, data_dir)


@schemas.callback(invoke_without_command=True)
def schema(context: typer.Context) -> None:
    """Print the schema (SDL), or compare two."""
    if context.invoked_subcommand is None:
        from gateway.cli.commands import schemas as schemas_command

        schemas_command.print_schema()


@schemas.command(cls=Command)
def diff(old: Annotated[Path, typer.Argument(help="A schema (SDL).")], new: Annotated[Path, typer.Argument(help="The schema that replaces it.")]) -> None:
    """Print each change: BREAKING, DANGEROUS or SAFE. Exits with 1 if one breaks clients."""
    from gateway.cli.commands import schemas as schemas_command

    schemas_command.diff(old, new)


@cli.command(cls=Command)
def token(
    customer: Annotated[str | None, typer.Option(help="The id of a customer.")] = None,
    email: Annotated[str | None, typer.Option(help="Or the e-mail address of one.")] = None,
    staff: Annotated[bool, typer.Option("--staff", help="A token for staff instead.")] = False,
    client: Annotated[str, typer.Option(help="The app that it is for; a registered one has its mode.")] = CLIENT,
    data_dir: DataDir = None,
) -> None:
    """Print a bearer token, good for a day.

    In production a customer's token deletes none of the customer's files and changes no password, address or grant.
    """
    if sum((customer is not None, email is not None, staff)) != 1:
        raise OperatorError("Give exactly one of --customer ID, --email ADDRESS and --staff.")
    from gateway.cli.commands import tokens as tokens_command

    if staff:
        tokens_command.print_for_staff(client, data_dir)
    else:
        tokens_command.print_for_customer(customer, email, client, data_dir)


@cli.command(cls=Command)
def explain(
    document: Annotated[str, typer.Argument(help="A file with one operation, or the name of a first-party document such as Summary.")],
    variables: Annotated[str, typer.Option(help="Its variables, as JSON.")] = "{}",
    customer: Annotated[str | None, typer.Option(help="The id of the calling customer; left out, Ada Lovelace of the demo.")] = None,
    staff: Annotated[bool, typer.Option("--staff", help="Staff call instead.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Print the statement of a document, or those of a mutation's payload, and Postgres' plan of it."""
    from gateway.cli.commands import explain as explain_command
    from gateway.cli.commands.explanation import Question

    explain_command.explain(Question(document, variables, explain_command.viewer_of(customer, CLIENT, is_staff=staff)), data_dir)


@keys.command("new", cls=Command)
def keys_new(
    algorithm: Annotated[Literal["EdDSA", "RS256"], typer.Option(help="RS256 is for those who cannot verify EdDSA.")] = "EdDSA", data_dir: DataDir = None
) -> None:
    """Make a key that signs tokens from the next start on."""
    from gateway.cli.commands import tokens as tokens_command

    tokens_command.make_key(algorithm, data_dir)


@keys.command("secret", cls=Command)
def keys_secret() -> None:
    """Print a new secret for PORTICO_SECRET.

    All servers and workers of a portal need the same one.
    """
    from gateway.cli.commands import tokens as tokens_command

    tokens_command.print_secret()


@keys.command("reseal", cls=Command)
def keys_reseal(data_dir: DataDir = None) -> None:
    """Seal with PORTICO_SECRET what was sealed with PORTICO_PREVIOUS_SECRET.

    Letters, calendar links and the secrets of webhook endpoints. Exits with 1 if something was sealed with neither.
    """
    from gateway.cli.commands import tokens as tokens_command

    tokens_command.reseal_texts(data_dir)


@cli.command(cls=Command)
def audit(
    customer: Annotated[str | None, typer.Option(help="The id of the one customer to check.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Check every invariant of the money in the database.

    It reads one snapshot, changes nothing, and prints the rows that break an invariant. Exits with 0 if all hold, with 1 if one is broken, and with 2 if the audit
    could not run.
    """
    from gateway.cli import audit as audit_cli

    audit_cli.audit(customer, data_dir)


@cli.command(cls=Command)
def doctor(
    is_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Try out what a process needs, and say what is wrong.

    Settings, the database with its role, row security, revision, clock and time zones, the bucket, the mail server, payment processors and endpoints of webhooks: a
    line for each. Nothing is changed but a file that is put into the bucket and deleted. Exits with 1 if a check failed.
    """
    from gateway.cli.doctor import command as doctor_command

    doctor_command.doctor(data_dir, is_json=is_json)


@cli.command(cls=Command)
def export(
    folder: Annotated[Path, typer.Argument(help="The folder to write: a new or an empty one.")],
    data_dir: DataDir = None,
) -> None:
    """Write all customers with what is theirs as the files that `import` reads, in one snapshot.

    What has no line is in `skipped.jsonl` with a reason. The catalog is not among them: `./portico catalog export` prints it.
    """
    from gateway.cli.merchant import export_commands

    export_commands.export(folder, data_dir)


@cli.command("settings", cls=Command)
def print_settings() -> None:
    """Print every setting, as it stands in .env.example."""
    from gateway.cli.reference import env_example

    env_example.print_settings()


@cli.command("errors", cls=Command)
def print_errors() -> None:
    """Print every error code, as it stands in docs/errors.md."""
    from gateway.cli.reference import error_pages

    error_pages.print_errors()


@cli.command("letters", cls=Command)
def preview_letters(
    folder: Annotated[Path, typer.Argument(help="The folder of the previews; it is made if there is none.")],
    language: Annotated[str, typer.Option(help="The language, such as de.")] = "en",
) -> None:
    """Write previews of the letters about money as HTML and text.

    They have sample data, and the merchant's name, logo and colour from the settings.
    """
    from gateway.cli.reference import letter_previews

    letter_previews.write_previews(folder, language)


def main() -> None:
    """Run a command. An error that an operator can correct is one line, not a traceback. No secret of the settings is printed."""
    _write_utf8()
    try:
        cli(prog_name="portico", obj=_set_up_log)
    except Exception as error:  # errors of the operator become a line; any other is a bug, printed with its traceback
        from gateway.cli import failures as cli_failures

        cli_failures.report(error)
        sys.exit(1)


def _set_up_log() -> None:
    """Set up the log until the command configures it by its settings."""
    from gateway.cli import failures as cli_failures

    cli_failures.set_up_log()


def _write_utf8() -> None:
    """Write UTF-8 to files and pipes. A terminal keeps its encoding, with a question mark for unknown characters, so a locale without UTF-8 is no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="surrogateescape")
