"""Alembic's entry point: run the revisions on the connection that `db.deployment.migrate` passes."""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import text


def _write_comparisons(ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]) -> None:
    """Write the functions by which events name the columns that have changed, in the transaction of the revision that has added or dropped one."""
    connection = ctx.bind
    assert connection is not None
    if connection.execute(text("select to_regproc('portico.write_comparisons') is not null")).scalar_one():
        connection.execute(text("select portico.write_comparisons()"))


context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="portico",
    transaction_per_migration=True,
    on_version_apply=_write_comparisons,
)
with context.begin_transaction():
    context.run_migrations()
