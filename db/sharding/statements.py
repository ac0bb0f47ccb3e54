"""Statements in the forms that a distributed database runs: each for the shard of its customer, or on all shards at once."""

import re
from functools import lru_cache

# `insert into a_table (…) select $1, … from jsonb_to_recordset(…` or `from unnest(…`, where the parameter is the customer's id
ROWS = re.compile(r"(insert into \w+ \([^()]*\)\s+select )(\$\d+)\b((?:(?!\binsert into ).)*?\bfrom )((?:jsonb_to_recordset|unnest)\()", re.DOTALL)
OWNER = "(select id from customer where id = {}) owner cross join "
# `insert into customer (…) select …, n.name, … from jsonb_populate_record(…) n`, or from jsonb_to_recordset with one row
CUSTOMER = re.compile(
    r"(insert into customer \([^()]*\)\s+)select (.*?)\s+from (?:jsonb_populate_record\(cast\(null as customer\), cast\((\$\d+) as jsonb\)\) n\b"
    r"|jsonb_to_recordset\(cast\((\$\d+) as jsonb\)\) n \([^()]*\))",
    re.DOTALL,
)
COLUMN = re.compile(r"\bn\.(\w+)")
# `with past as (select ctid from a_table where … limit $2), gone as (delete from a_table where ctid in (…) returning 1)`
PAST = re.compile(
    r"with past as \(select ctid from (\w+) where (.*?) limit (\$\d+)\),\s+gone as \(delete from \1 where ctid in \(select ctid from past\) returning 1\)",
    re.DOTALL,
)
# A row that is found by another key than its customer's id.
LOCKED = re.compile(r"(external_id = \$\d+\)) for no key update")
INTO = re.compile(r"\binsert into (\w+) \(")
# A row for each row of a function, with a limit that keeps Postgres from another order of the two.
ONE_EACH = re.compile(r"\bcross join lateral \(select \* from (\w+) (\w+) where \2\.([^()]*?) limit 1\) (\w+)")
# What a filter computes once for all rows, by a function that reads settings.
COMPUTED = re.compile(r"\(select (ageing_due_(?:from|until)\(\$\d+\))\)")
# Of an index that is not unique there.
ONCE = re.compile(r"\bon conflict \(external_id\) where external_id is not null do nothing")
# The feed of all events: of these positions, a reader may pass some that are not seen yet on every worker.
FEED = "where position is not null"
VISIBLE = "where position <= (select last_position() from event_feed)"
# A function of the coordinator that checks a cursor of the feed.
POSITION = re.compile(r"\bfeed_position\(\$\d+\)")
# Another customer of an address, who may be on any shard.
ADDRESS = re.compile(r"select c\.id, c\.id from customer c where c\.email_key = (lower\(\$\d+\)) and c\.id <> (\$\d+) and not c\.shares_email")
# A part of a union that a flag leaves out.
LEFT_OUT = "where false and "


@lru_cache(maxsize=1000)
def routed(sql: str) -> str:
    """Return the statement in a form that Citus can place.

    Rows that are given as JSON or arrays take the customer's id from the customer's row, so that their source has a shard, which is that of the table. What is deleted by its place in
    a table is deleted without a limit, because each shard has places of its own. The table of an insert has its name as its alias, since the shard has another name. A part
    that is left out is so only once the statement runs: of what Postgres leaves out of a plan, Citus does not know the shard. A new customer has no row yet, and is inserted
    as values. Rows of all shards are not locked while they are searched. What each row of a function is joined with has no limit of one row. No
    subquery without a table calls a function that reads settings. The feed ends where its positions are shown.
    """
    sql = ADDRESS.sub(r"select o, o from other_at_address(\1, \2) o where o is not null", sql)
    sql = POSITION.sub(r"(select \g<0> from event_feed)", sql.replace(FEED, VISIBLE))
    sql = ONCE.sub("on conflict do nothing", COMPUTED.sub(r"\1", sql))
    sql = ONE_EACH.sub(r"join \1 \4 on \4.\3", LOCKED.sub(r"\1", CUSTOMER.sub(_as_values, sql)))
    sql = PAST.sub(
        r"with gone as (delete from \1 where \2 and cast(\3 as bigint) > 0 returning 1)",
        ROWS.sub(lambda match: f"{match[1]}owner.id{match[3]}{OWNER.format(match[2])}{match[4]}", sql),
    )
    return INTO.sub(r"insert into \1 as \1 (", sql).replace(LEFT_OUT, "where operation_now() is null and ")


def _as_values(match: re.Match[str]) -> str:
    columns, selected, record, records = match.groups()
    row = f"cast({record} as jsonb)" if record else f"cast({records} as jsonb) -> 0"
    values = COLUMN.sub(lambda column: f"(jsonb_populate_record(cast(null as customer), {row})).{column[1]}", selected)
    return f"{columns}values ({values})"


def without_row(sql: str) -> str:
    """Return a statement that writes a customer with the id alone as its result: Citus evaluates no functions in the result of an update."""
    columns = sql.rindex("returning")
    return sql[: sql.index(",", columns)]
