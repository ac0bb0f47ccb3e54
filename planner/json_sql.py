"""SQL that writes JSON as text, built with concat.

json_build_object looks up the type of every key and value each time it runs. The types of concat's arguments are known at planning, and concat needs no keys: the text
between two values is one constant. Nested objects become one list of parts. `docs/decisions/0032-json-is-put-together-as-text.md` has the figures.
"""

from collections.abc import Iterable, Mapping

from graphql import GraphQLOutputType, get_nullable_type, is_enum_type, is_non_null_type

from planner.formats import DATETIME, quoted


class Constant(str):
    """Literal JSON text. A colon in it must not be followed by a word: `:word` is a parameter."""

    __slots__ = ()


# Constants, and SQL expressions whose values are texts between them.
Parts = tuple[str, ...]

# The text that Postgres writes for a null that the schema does not allow. JSON strings contain no tab, and Postgres writes none between values,
# so a tab in an answer means that the executor has to report the error.
MISSING = r"E'\tnull'"
MARK = "\t"

# Scalars that Postgres writes as JSON does. `to_json` would look up their type for each value.
UNQUOTED = ("Boolean", "Int")

MAX_ARGUMENTS = 100  # Postgres' limit for any function


def absent(kind: GraphQLOutputType) -> str:
    return MISSING if is_non_null_type(kind) else "'null'"


def present(sql: str, kind: GraphQLOutputType) -> Parts:
    """Return JSON for an expression that may be null in SQL."""
    return (f"coalesce({sql}, {absent(kind)})",)


def column(sql: str, kind: GraphQLOutputType) -> Parts:
    """Return a column in the executor's exact format. Names of enums and currencies need no escapes: the database checks them."""
    inner = get_nullable_type(kind)
    name = getattr(inner, "name", "")
    if name == "DateTime":
        return present(DATETIME.format(sql), kind)
    if is_non_null_type(kind) and (is_enum_type(inner) or name == "CurrencyCode"):
        return in_quotes(f"coalesce({sql}, {MISSING})")
    if name in UNQUOTED:
        return present(f"cast({sql} as text)", kind)
    return present(f"to_json({f'cast({sql} as text)' if name == 'BigInt' else sql})", kind)


def in_quotes(sql: str) -> Parts:
    """Return a JSON string of a text that needs no escapes."""
    return Constant('"'), sql, Constant('"')


def objects(members: Mapping[str, Parts]) -> Parts:
    """Return an object of members whose names are names of GraphQL."""
    joined: list[str] = [Constant("{")]
    for nth, (key, parts) in enumerate(members.items()):
        joined += [Constant(f'{"," if nth else ""}"{key}":'), *parts]
    return *joined, Constant("}")


def text_of(parts: Parts) -> str:
    """Return one SQL expression for the parts. It is null only if it is a single part that is null."""
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
