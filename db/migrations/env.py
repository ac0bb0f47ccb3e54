"""Alembic's entry point: run the revisions on the connection that `db.deployment.migrate` passes."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="portico",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
