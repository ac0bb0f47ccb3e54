"""The limits that a frontend would otherwise write down itself."""

import strawberry

from billing import attachments
from billing.rows import Budget
from resolvers.pages import DEFAULT_SIZE, MAX_SIZE
from resolvers.roots import MAX_NODES


@strawberry.type(name="Budget", description="What the caller may spend, in the units of `extensions.cost`; a partner's app for all its customers together.")
class BudgetFigures:
    maximum_available: int = strawberry.field(description="How many units the budget holds when it is full: those of one minute.")
    currently_available: int = strawberry.field(description="How many units are left, this operation paid.")
    restore_rate: float = strawberry.field(description="How many units come back each second.")


@strawberry.type(description="Figures that the gateway holds its callers to.")
class Limits:
    max_file_bytes: int = strawberry.field(description="How large one attached file may be, in bytes.")
    max_group_bytes: int = strawberry.field(
        description="How large the files of one upload may be together, in bytes. There is no limit on all uploads together."
    )
    max_group_files: int = strawberry.field(description="How many files one upload takes.")
    max_pixels: int = strawberry.field(description="How many pixels a picture may have, width times height.")
    content_types: list[str] = strawberry.field(description="The media types that may be attached.")
    default_page_size: int = strawberry.field(description="Rows of a page when no size is given.")
    max_page_size: int = strawberry.field(description="The largest page.")
    max_nodes: int = strawberry.field(description="How many ids `nodes` takes.")
    budget: BudgetFigures | None = strawberry.field(description="The caller's budget. Null for a caller without one.")


def limits(*, budget: Budget | None) -> Limits:
    return Limits(
        max_file_bytes=attachments.MAX_FILE_BYTES,
        max_group_bytes=attachments.MAX_GROUP_BYTES,
        max_group_files=attachments.MAX_GROUP_FILES,
        max_pixels=attachments.MAX_PIXELS,
        content_types=list(attachments.CONTENT_TYPES),
        default_page_size=DEFAULT_SIZE,
        max_page_size=MAX_SIZE,
        max_nodes=MAX_NODES,
        budget=BudgetFigures(maximum_available=budget.maximum, currently_available=budget.available, restore_rate=budget.restore_rate) if budget else None,
    )
