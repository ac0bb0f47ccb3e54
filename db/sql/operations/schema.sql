-- name: schema.revision
-- returns: Revision
-- Select the revision of the database.
select cast(version_num as text) as version_num from alembic_version
