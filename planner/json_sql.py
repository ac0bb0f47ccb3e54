"""JSON as the planner has Postgres write it: text, put together by concat.

json_build_object looks up the type of every key and value each time it runs. concat knows the types of its arguments, and needs no keys: what stands
between two values is one constant. Nested objects become one row of parts. `docs/decisions/0032-json-is-put-together-as-text.md` has the figures.
"""

from collections.abc import Iterable, Mapping

from graphql import GraphQLOutputType, get_nullable_type, is_enum_type, is_non_null_type

from planner.formats import DATETIME, quoted


class Constant(str):
    """Characters of JSON as they are. No word may follow a colon in them: `:word` is a parameter."""

    __slots__ = ()


# Constants, and SQL expressions whose texts stand between them.
Parts = tuple[str, ...]

# What Postgres writes in place of a null where the schema allows none. JSON has a tab nowhere inside a string, and Postgres puts none between its values,
# so one tab in an answer means that the executor has to say what is wrong.
MISSING = r"E'\tnull'"
MARK = "\t"

MAX_ARGUMENTS = 100  # of any function, in Postgres


def absent(kind: GraphQLOutputType) -> str:
    return MISSING if is_non_null_type(kind) else "'null'"


def present(sql: str, kind: GraphQLOutputType) -> Parts:
    """JSON that may be null in SQL, as JSON that may be null."""
    return (f"coalesce({sql}, {absent(kind)})",)


def column(sql: str, kind: GraphQLOutputType) -> Parts:
    """A column in the executor's exact format. Names of enums and currencies need no escapes: the database checks them."""
    inner = get_nullable_type(kind)
    name = getattr(inner, "name", "")
    if name == "DateTime":
        return present(DATETIME.format(sql), kind)
    if is_non_null_type(kind) and (is_enum_type(inner) or name == "CurrencyCode"):
        return in_quotes(f"coalesce({sql}, {MISSING})")
    return present(f"to_json({f'cast({sql} as text)' if name == 'BigInt' else sql})", kind)


def in_quotes(sql: str) -> Parts:
    """A text that needs no escapes."""
    return Constant('"'), sql, Constant('"')


def objects(members: Mapping[str, Parts]) -> Parts:
    """An object of members whose names are names of GraphQL."""
    found: list[str] = [Constant("{")]
    for nth, (key, parts) in enumerate(members.items()):
        found += [Constant(f'{"," if nth else ""}"{key}":'), *parts]
    return *found, Constant("}")


def text_of(parts: Parts) -> str:
    """One expression in SQL. Never null, except for one part that may be."""
    arguments = list(_merged(parts))
    if len(arguments) == 1:
        return f"cast({quoted(arguments[0])} as text)" if isinstance(arguments[0], Constant) else arguments[0]
    return _concat([quoted(part) if isinstance(part, Constant) else part for part in arguments])


def _merged(parts: Iterable[str]) -> Iterable[str]:
    constant = ""
    for part in parts:
        if isinstance(part, Constant):
            constant += part
            continue
        if constant:
            yield Constant(constant)
        constant = ""
        yield part
    if constant:
        yield Constant(constant)


def _concat(arguments: list[str]) -> str:
    if len(arguments) > MAX_ARGUMENTS:
        return _concat([_concat(arguments[at : at + MAX_ARGUMENTS]) for at in range(0, len(arguments), MAX_ARGUMENTS)])
    return f"concat({', '.join(arguments)})"
