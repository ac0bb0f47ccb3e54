"""What staff see of imports: how many lines came to what, and the lines that were skipped."""

from typing import Annotated, Any

import strawberry

from auth.permissions import Permission
from resolvers.context import Info
from resolvers.reads import imports
from schema.declarations.costs import LEDGER
from schema.declarations.fields import guarded
from schema.declarations.scalars import DateTime


@strawberry.type(name="ImportCount", description="How many lines of a kind came to the same.")
class LedgerCount:
    source: str = strawberry.field(description="The system that they are from.")
    kind: str = strawberry.field(description="The kind of line, such as `subscriptions`.")
    reason: str | None = strawberry.field(description="Why they were skipped, as docs/import/reasons.md has it; null for those that were imported.")
    lines: int = strawberry.field(description="How many lines.")


@strawberry.type(name="SkippedLine", description="A line of an import that was skipped.")
class LedgerLine:
    source: str = strawberry.field(description="The system that it is from.")
    kind: str = strawberry.field(description="The kind of line.")
    external_id: str = strawberry.field(description="Its id in the source.")
    customer_key: str | None = strawberry.field(name="customer", description="The id of its customer in the source.")
    reason: str = strawberry.field(description="Why it was skipped.")
    file: str = strawberry.field(description="The name of the file.")
    line: int = strawberry.field(description="The number of the line in the file.")
    written_at: DateTime = strawberry.field(description="When it was skipped last.")


async def _skipped(
    info: Info,
    parent: strawberry.Parent[Any],
    reason: Annotated[str | None, strawberry.argument(description="Only lines that were skipped for this reason.")] = None,
) -> Any:
    return await imports.skipped(parent.source, reason, info.context)


async def _counts(info: Info, parent: strawberry.Parent[Any]) -> Any:
    return await imports.counts(parent.source, info.context)


@strawberry.type(description="The ledger of imports: the last outcome of each line.")
class Imports:
    counts: list[LedgerCount] = strawberry.field(
        resolver=_counts, graphql_type=list[LedgerCount], description="How many lines came to what, by source, kind and reason.", metadata=LEDGER
    )
    skipped: list[LedgerLine] = strawberry.field(
        resolver=_skipped, graphql_type=list[LedgerLine], description="The lines that were skipped, at most 100.", metadata=LEDGER
    )


async def _imports(info: Info, system: Annotated[str | None, strawberry.argument(name="source", description="Only imports from this system.")] = None) -> Any:
    return imports.ImportLedger(system)


def ledger(permission: Permission) -> Any:
    field = strawberry.field(
        resolver=_imports,
        graphql_type=Imports | None,
        description="For staff: what was imported from other systems, and which lines were skipped.",
        metadata=LEDGER,
    )
    return guarded(field, permission)
