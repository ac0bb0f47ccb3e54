"""The commands `import` and `import-format`."""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from db.importing import ImportLost
from gateway.cli.commands.console import console, counted, say_error, show
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.settings import Settings, load
from gateway.wiring.database import check, postgres
from gateway.wiring.files import bucket_of
from gateway.wiring.payments import payments
from imports.formats.kinds import BY_NAME, KINDS
from imports.formats.page import page
from imports.formats.schemas import schema_of
from imports.planning.drafts import LineAction
from imports.reading.staging import TwoFiles, files_of
from imports.reasons import ImportReason, reasons_page
from imports.running.evidence import ImportPorts
from imports.running.report import ImportCounts
from imports.running.run import ImportOptions, ImportProgress, ImportResult, SourceBusy, run_import
from storage.bucket import BucketUnavailable

ENDED_EARLY = 2
MAX_SOURCE = 100


@dataclass(frozen=True, slots=True)
class ImportArguments:
    """The options of the command line."""

    folder: Path
    source: str
    is_dry: bool
    limit: int | None
    stops: bool
    only: str | None
    report: Path


def import_folder(arguments: ImportArguments, data_dir: Path | None) -> None:
    """Exits with 1 if a line was skipped, and with 2 if the run ended early. Raises OperatorError."""
    settings = load(data_dir=data_dir)
    options = _options(arguments, settings)
    with postgres(settings) as urls:
        asyncio.run(check(urls))
        result = _run(urls.admin_url, options, settings, arguments.report)
    _print(result, arguments)
    if result.is_stopped or result.counts.skipped:
        raise typer.Exit(ENDED_EARLY if result.is_stopped else 1)


def print_format(kind: str | None, *, is_reasons: bool) -> None:
    if is_reasons:
        typer.echo(reasons_page(), nl=False)
    elif kind is None:
        typer.echo(page(), nl=False)
    else:
        typer.echo(json.dumps(schema_of(BY_NAME[kind]), indent=2, ensure_ascii=False))


def _options(arguments: ImportArguments, settings: Settings) -> ImportOptions:
    try:
        paths = files_of(arguments.folder)
    except TwoFiles as error:
        raise OperatorError(str(error)) from None
    if not paths:
        raise OperatorError(f"{arguments.folder} has no file of an import, such as customers.jsonl. See docs/import/README.md.")
    if not 1 <= len(arguments.source) <= MAX_SOURCE or not arguments.source.isprintable():
        raise OperatorError(f"--source has 1 to {MAX_SOURCE} printable characters.")
    return ImportOptions(
        arguments.folder,
        arguments.source,
        datetime.now(UTC),
        arguments.is_dry,
        arguments.stops,
        arguments.limit,
        arguments.only,
        processor="stripe" if settings.stripe_secret_key else "sandbox",
    )


async def _imported(url: str, options: ImportOptions, settings: Settings, folder: Path, report: Path, steps: ImportProgress) -> ImportResult:
    """Import with the bucket of the settings, and with Stripe if it is configured. The sandbox knows no methods of others, so it is not asked."""
    processors = payments(settings).processors if settings.stripe_secret_key else {}
    bucket = bucket_of(settings, "", b"")
    others = {name: processor for name, processor in processors.items() if name != "sandbox"}
    try:
        return await run_import(url, options, folder, report, steps, ImportPorts(bucket, others))
    finally:
        await bucket.close()
        for processor in processors.values():
            await processor.close()


def _run(url: str, options: ImportOptions, settings: Settings, report: Path) -> ImportResult:
    """Raises OperatorError."""
    size = sum(path.stat().st_size for path in files_of(options.folder).values())
    with tempfile.TemporaryDirectory(prefix="portico-import-") as folder, _progress() as progress:
        reading, importing = progress.add_task("Read", total=size), progress.add_task("Import", total=None)

        def begin(lines: int) -> None:
            progress.update(reading, completed=size)
            progress.update(importing, total=lines)

        steps = ImportProgress(lambda done: progress.advance(reading, done), begin, lambda done: progress.advance(importing, done))
        try:
            return asyncio.run(_imported(url, options, settings, Path(folder), report, steps))
        except ImportLost as error:
            raise OperatorError(str(error)) from error
        except BucketUnavailable as error:
            raise OperatorError(f"The bucket does not take the PDFs ({error.cause}). Run the same command again: it goes on where it stopped.") from error
        except SourceBusy:
            raise OperatorError(f"Another import of the source {options.source} runs. Wait until it has ended.") from None
        except OSError as error:
            raise OperatorError(f"A file cannot be read or written: {error.strerror or error}. Correct that, and run the same command again.") from error


class _RateColumn(ProgressColumn):
    """The number of steps per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), _RateColumn(), TimeRemainingColumn(), console=console
    )


def _print(result: ImportResult, arguments: ImportArguments) -> None:
    counts = result.counts
    table = Table("Kind", *(action.capitalize() for action in LineAction), box=None)
    for kind in KINDS:
        row = [counts.actions[kind.name, action] for action in LineAction]
        if any(row):
            table.add_row(kind.name, *(f"{count:,}" for count in row))
    show(table)
    _print_reasons(counts)
    if arguments.is_dry:
        console.print("\nNothing was written: this was a dry run.")
    if result.is_stopped:
        say_error("The run stopped at a line that was skipped. Correct it, or run with `--on-error skip`.")
    console.print(f"\n{arguments.report} has one line for each of {counted(sum(counts.actions.values()), 'line')}.")


def _print_reasons(counts: ImportCounts) -> None:
    for title, of_reasons in (("Skipped", counts.reasons), ("To look at", counts.notes)):
        if of_reasons:
            table = Table("Lines", title, "", box=None)
            for reason, count in of_reasons.most_common():
                table.add_row(f"{count:,}", reason, ImportReason(reason).meaning)
            console.print()
            show(table)
