"""The roles that migrations make, and what holds for their sessions."""

OWNER = "portico_owner"
APP = "portico_app"

# What `app.actor` says while the owner audits the tables (db/audit.py).
AUDIT = "AUDIT"

# What holds for every session of the application role, also behind a pooler that passes on no start-up settings.
APP_SETTINGS = {
    "search_path": "portico",
    "statement_timeout": "8s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}
