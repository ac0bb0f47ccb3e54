"""`python -m bench.payloads.field_by_field`: Portico whose payloads are executed as plain Strawberry executes them: by graphql-core's executor, with a dataloader for a relation.

Mutations, their statements and all checks are Portico's own, and so are the resolvers of declared fields, which are shorter than those of Strawberry.
"""

import sys
from typing import Any

from graphql import Executor

from gateway.cli.main import main
from gateway.http.graphql import execution


class PlainExecutor(Executor[None]):
    """graphql-core's executor, without what Portico's needs."""

    def __init__(self, *arguments: Any, prepared: object, plans: object, by_levels: bool, **named: Any) -> None:
        super().__init__(*arguments, **named)


if __name__ == "__main__":
    execution.PlanningExecutor = PlainExecutor  # type: ignore[assignment, misc]  # no setting: nobody needs it but comparisons
    sys.argv[1:] = ["serve"]
    main()
