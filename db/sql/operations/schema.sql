-- name: schema.revision
-- returns: Revision
-- The migration that the database is at.
select cast(version_num as text) as version_num from alembic_version
