"""How each table of the schema `portico` is distributed. `tests/db/distribution` compares the list with the migrations."""

from dataclasses import dataclass

# The table by whose key the others are placed: the rows of one customer are all on one worker.
ROOT = "customer"


@dataclass(frozen=True, slots=True)
class Sharded:
    """A table whose rows are placed by the customer in the column `key`.

    `primary_key` replaces the primary key where that does not have the column. `unique_elsewhere` names unique indexes that do not have the column either; they are
    replaced by plain indexes, and beside each name stands what keeps its rows unique instead.
    """

    name: str
    key: str = "customer_id"
    primary_key: tuple[str, ...] = ()
    unique_elsewhere: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class OnCoordinator:
    """A table that stays on the coordinator, and why."""

    name: str
    reason: str


LOOKED_UP = "only the look-up before the row is written: of two writers at the same instant both may write (docs/scaling.md, limits)"

SHARDED = (
    Sharded(
        "customer",
        "id",
        unique_elsewhere=(
            ("customer_by_external_id", LOOKED_UP),
            ("customer_of_address", LOOKED_UP),
        ),
    ),
    Sharded("payment_method", unique_elsewhere=(("payment_method_by_external_id", LOOKED_UP),)),
    Sharded("subscription", unique_elsewhere=(("subscription_by_external_id", LOOKED_UP),)),
    Sharded("payment_schedule", unique_elsewhere=(("payment_schedule_by_external_id", LOOKED_UP),)),
    Sharded("invoice", unique_elsewhere=(("invoice_by_external_id", LOOKED_UP),)),
    Sharded("installment", unique_elsewhere=(("installment_by_external_id", LOOKED_UP),)),
    Sharded("payment", unique_elsewhere=(("payment_by_external_id", LOOKED_UP),)),
    Sharded("subscription_event"),
    Sharded("subscription_state"),
    Sharded("taken_plan"),
    Sharded("invoice_line"),
    Sharded("refund"),
    Sharded("credit_note"),
    Sharded("credit_note_line"),
    Sharded("coupon_redemption"),
    Sharded("payment_allocation"),
    Sharded("refund_allocation"),
    Sharded("refund_request"),
    Sharded("balance_entry"),
    Sharded("charge"),
    Sharded("document_snapshot"),
    Sharded("attachment"),
    Sharded("loose_object"),
    Sharded("imported_document"),
    Sharded("data_export"),
    Sharded("idempotency_key"),
    Sharded("portal_session"),
    Sharded("refresh_token", primary_key=("customer_id", "secret_hash")),
    Sharded("identity_link", primary_key=("customer_id", "secret_hash")),
    Sharded("calendar_link", unique_elsewhere=(("calendar_link_by_secret", "256 random bits of each secret"),)),
    Sharded("partner_grant"),
    Sharded("letter_cause"),
    Sharded("timed_event"),
    Sharded("event"),
    Sharded("event_counter", "owner_id"),
    Sharded("search_entry", "owner_id", primary_key=("owner_id", "object_id")),
)

# Copied to every worker: what the rows of customers are joined with, and what row security reads there.
REFERENCE = ("plan", "price", "coupon", "retention_offer", "shared_revision", "api_client", "staff_write", "column_erasure")

LOCAL = (
    OnCoordinator("credential", "it is found by its e-mail address, before the customer is known, and the address is unique"),
    OnCoordinator("audit_event", "an event may have no customer, and its id is the primary key"),
    OnCoordinator("letter", "a letter may have no customer, and the worker takes the oldest ones under a lock"),
    OnCoordinator("invoice_series", "one series of numbers for all customers"),
    OnCoordinator("invoice_number", "a number is unique among all customers"),
    OnCoordinator("event_feed", "one order of the events of all customers"),
    OnCoordinator("webhook_event", "it is found by the processor's id, and stored before its customer is known"),
    OnCoordinator("webhook_endpoint", "it belongs to no customer"),
    OnCoordinator("webhook_delivery", "it belongs to an endpoint"),
    OnCoordinator("webhook_attempt", "it belongs to a delivery"),
    OnCoordinator("client_key", "it belongs to a client of the API, whomever the call is about"),
    OnCoordinator("client_credential", "it belongs to an app"),
    OnCoordinator("client_assertion", "it belongs to an app"),
    OnCoordinator("client_budget", "it belongs to an app"),
    OnCoordinator("stored_document", "it belongs to an app, and notifies the servers when it changes"),
    OnCoordinator("document_use", "it belongs to a stored document"),
    OnCoordinator("import_run", "it belongs to a source of imports"),
    OnCoordinator("import_record", "it is found by the id in the source, which is unique among all customers"),
    OnCoordinator("job_pass", "it belongs to the workers"),
    OnCoordinator("alembic_version", "it belongs to the migrations"),
    OnCoordinator("pgqueuer", "it belongs to the workers"),
    OnCoordinator("pgqueuer_log", "it belongs to the workers"),
    OnCoordinator("pgqueuer_schedules", "it belongs to the workers"),
    OnCoordinator("pgqueuer_statistics", "it belongs to the workers"),
)

# Tables on the coordinator of which a row belongs to rows of a customer that the same transaction writes: what is there of only one of both would be a number that is given twice, a key
# whose call is done again, a letter that is not sent, or the password of an erased customer. `db/distribution/two_phases.py` makes these commits whole. Others may lose their part with the
# coordinator (docs/scaling.md, limits).
IN_TWO_PHASES = ("invoice_series", "invoice_number", "client_key", "letter", "credential", "import_record")
# The table without rows by which Citus knows of such a transaction.
MARK = "two_phases"
