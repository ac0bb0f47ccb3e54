-- name: schema.revision
-- returns: Revision
-- The migration that the database is at.
select version_num from alembic_version
