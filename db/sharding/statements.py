"""Statements of blocks in the forms that a distributed database runs: each for the shard of its customer, or on all shards at once."""

import re
from functools import lru_cache

# `insert into a_table (…) select :customer_id, … from jsonb_to_recordset(…`
ROWS = re.compile(r"(insert into \w+ \([^()]*\)\s+select ):customer_id\b(.*?\bfrom )(jsonb_to_recordset\()", re.DOTALL)
OWNER = "(select id from customer where id = :customer_id) owner cross join "
# `with past as (select ctid from a_table where … limit …), gone as (delete from a_table where ctid in (…) returning 1)`
PAST = re.compile(
    r"with past as \(select ctid from (\w+) where (.*?) limit :wanted\),\s+gone as \(delete from \1 where ctid in \(select ctid from past\) returning 1\)",
    re.DOTALL,
)

INTO = re.compile(r"\binsert into (\w+) \(")


@lru_cache(maxsize=1000)
def routed(sql: str) -> str:
    """Return the statement in a form that Citus can place.

    Rows that are given as JSON take the customer's id from the customer's row, so that their source has a shard, which is that of the table. What is deleted by its place in
    a table is deleted without a limit, because each shard has places of its own. The table of an insert has its name as its alias, since the shard has another name.
    """
    sql = PAST.sub(r"with gone as (delete from \1 where \2 returning 1)", ROWS.sub(rf"\1owner.id\2{OWNER}\3", sql))
    return INTO.sub(r"insert into \1 as \1 (", sql)


@lru_cache(maxsize=1000)
def without_row(sql: str) -> str:
    """Return a statement that writes a customer with the id alone as its result: Citus evaluates no functions in the result of an update."""
    return sql[: sql.rindex("returning")] + "returning id"
