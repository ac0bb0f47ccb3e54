"""Comparison of two schemas, and validation of stored documents by a schema."""

from collections.abc import Iterable
from pathlib import Path

from graphql import BreakingChange, DangerousChange, GraphQLError, GraphQLSchema, build_schema, find_schema_changes, parse, validate

from gateway.documents.rules import RULES
from gateway.wiring.configuration.settings import WrongSetting

BREAKING, DANGEROUS, SAFE = "BREAKING", "DANGEROUS", "SAFE"


def schema_in(path: Path) -> GraphQLSchema:
    """Return the schema in a file (SDL). Raises WrongSetting."""
    try:
        return build_schema(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongSetting(f"{path} cannot be read ({error.strerror}).") from None
    except (GraphQLError, TypeError, ValueError) as error:
        raise WrongSetting(f"{path} is not a schema: {str(error).splitlines()[0]}") from None


def differences(old: GraphQLSchema, new: GraphQLSchema) -> list[tuple[str, str]]:
    """Return each change with its severity for clients, the worst first."""
    changes = [(_severity(change), change.description) for change in find_schema_changes(old, new)]
    return sorted(changes, key=lambda pair: ((BREAKING, DANGEROUS, SAFE).index(pair[0]), pair[1]))


def _severity(change: object) -> str:
    return BREAKING if isinstance(change, BreakingChange) else DANGEROUS if isinstance(change, DangerousChange) else SAFE


def broken(schema: GraphQLSchema, documents: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the names of documents that are invalid by the schema, with each error and its line."""
    return [(name, problem) for name, text in documents for problem in _problems(schema, text)]


def _problems(schema: GraphQLSchema, text: str) -> list[str]:
    try:
        errors = validate(schema, parse(text), RULES)
    except GraphQLError as error:
        errors = [error]
    return [f"{error.message}{_place(error)}" for error in errors]


def _place(error: GraphQLError) -> str:
    return f" (line {error.locations[0].line})" if error.locations else ""
