"""The roles that migrations create, and the settings of their sessions."""

OWNER = "portico_owner"
APP = "portico_app"

# The value of `app.actor` while the owner audits the tables (db/audit.py).
AUDIT = "AUDIT"
# The value of `app.actor` while the owner seals texts again (db/deployment/resealing.py).
RESEAL = "RESEAL"

# The settings of every session of the application role, also behind a pooler that does not forward start-up settings.
APP_SETTINGS = {
    "search_path": "portico",
    "statement_timeout": "8s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}

# Those that differ where the database is distributed: the plan of a statement names the customer, so it is made for each execution. Citus hides shards from who reads the catalog by
# a function for each relation: with it, asyncpg's look-up of the type of records takes more than ten seconds on a worker.
DISTRIBUTED_SETTINGS = {"plan_cache_mode": "force_custom_plan", "citus.override_table_visibility": "off"}

# The settings of every session of a distributed database. The workers learn the caller of a transaction. Functions on a worker, such as those of row security and triggers,
# read other tables of the customer, which are on the same worker.
CITUS_SETTINGS = {"citus.propagate_set_commands": "local", "citus.allow_nested_distributed_execution": "on"}
