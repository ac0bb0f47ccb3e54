"""Distribute a migrated database over the workers of Citus: every customer's rows on one worker, the catalog on all of them."""
