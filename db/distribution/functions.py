"""The functions that workers need: for views and blocks, policies and triggers."""

from db.connections import Connection
from db.literals import literal

# They write or read what is on the coordinator, and are called there.
COORDINATORS = """
    add_webhook_deliveries announce_events assert_client audit_is_append_only begin_call begin_client_call claim_client_key claim_key commit_in_two_phases confirmed_revision
    customer_is_there fan_out_webhooks feed_position finish_webhooks
    free_option_code free_price_code has_signed_in issue_credit_note_number issue_number keep_event_partitions last_position lock_customer name_who_made_the_link other_at_address
    record_import_run record_webhook_endpoint register_number replay_webhooks search_customers spend_budget take_number tell_registry write_comparisons"""
FUNCTIONS = """
select p.proname as name, p.oid::regprocedure::text as signature
  from pg_proc p
 where p.pronamespace = 'portico'::regnamespace and p.prokind = 'f'
   and exists (select from unnest(p.proargtypes) a join pg_type t on t.oid = a where t.typtype = 'c' and t.typnamespace = p.pronamespace) = $1
 order by p.oid"""
PATHS = """
select p.oid::regprocedure::text
  from pg_proc p
 where p.pronamespace = 'portico'::regnamespace and p.prorettype = 'trigger'::regtype
   and not exists (select from unnest(p.proconfig) c where c like 'search_path=%')"""


# Functions in SQL that read tables and have parameters, which Citus cannot plan on a worker, become functions in PL/pgSQL. Their bodies are expressions.
EXPRESSIONS = """
select p.oid::regprocedure::text as signature,
       left(definition, case when body is null then strpos(definition, E'\\nAS $') else strpos(definition, body) end - 1) as head,
       coalesce(substr(body, length('RETURN') + 1), substr(p.prosrc, length('select') + 1)) as expression
  from pg_proc p
  join pg_language l on l.oid = p.prolang and l.lanname = 'sql'
 cross join lateral (select pg_get_functiondef(p.oid) as definition, pg_get_function_sqlbody(p.oid) as body) d
 where p.pronamespace = 'portico'::regnamespace and p.prokind = 'f' and not p.proretset
   and (exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass)
        or p.proname = 'renewal_of')"""


async def adapt_functions(connection: Connection) -> None:
    """Let functions be created on workers before the tables that they read, and be planned there. Those of triggers name their schema, because a worker's session does not."""
    await connection.execute("set local search_path = ''")  # so that the expressions name the schemas of all tables and functions
    for record in await connection.fetch(EXPRESSIONS):
        head = record["head"].replace("LANGUAGE sql", "LANGUAGE plpgsql")
        body = f"begin return {record['expression']}; end"
        await connection.execute(f"{head} as {literal(body)}")
    await connection.execute("set local search_path = portico, public")
    for record in await connection.fetch(PATHS):
        await connection.execute(f"alter function {record[0]} set search_path = portico")


async def distribute_functions(connection: Connection, *, take_rows: bool) -> None:
    """Create functions on the workers, and keep them the same there from now on: those that take whole rows of tables, which have to be there, or the others."""
    for record in await connection.fetch(FUNCTIONS, take_rows):
        if record["name"] not in COORDINATORS.split():
            await connection.execute("select create_distributed_function($1::regprocedure)", record["signature"])
