"""GraphQL documents: parsed and validated once for each text, and remembered."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, specified_rules, validate

import schema as portal
from auth.permissions import ANYBODY
from planner import Planner, Plans
from planner.fields import root_names
from schema.fields import permission_of

MAX_TOKENS = 2000
MAX_ERRORS = 20
FOLDER = Path(portal.__file__).with_name("documents")


@dataclass(frozen=True, slots=True)
class Document:
    """A document and what is wrong with it; only one without errors may run."""

    ast: DocumentNode | None
    operations: dict[str | None, OperationDefinitionNode]
    errors: tuple[GraphQLError, ...]
    error_code: str = ""
    plans: Plans | None = None
    public: frozenset[str | None] = frozenset()

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation by its name; without one, the only one there is."""
        if name:
            return self.operations.get(name)
        return next(iter(self.operations.values())) if len(self.operations) == 1 else None

    def is_public(self, name: str | None) -> bool:
        """Whether the operation consists of fields that need no token."""
        operation = self.operation(name)
        return operation is not None and (operation.name and operation.name.value) in self.public


class Documents:
    """Every text that was asked for lately. Bounded: unknown callers choose the texts."""

    def __init__(self, schema: GraphQLSchema, planner: Planner | None, *, size: int = 1000) -> None:
        self._schema = schema
        self._planner = planner
        self._size = size
        self._known: OrderedDict[str, Document] = OrderedDict()

    def prepare(self, text: str) -> Document:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = _prepared(self._schema, self._planner, text)
            if len(self._known) > self._size:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(text)
        return found


def first_party() -> dict[str, str]:
    """The portal's own documents, by name."""
    return {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.graphql"))}


def _prepared(schema: GraphQLSchema, planner: Planner | None, text: str) -> Document:
    try:
        ast = parse(text, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        return Document(None, {}, (error,), "GRAPHQL_PARSE_FAILED")
    except RecursionError:
        return Document(None, {}, (GraphQLError("The document is nested too deeply."),), "GRAPHQL_PARSE_FAILED")
    errors = tuple(validate(schema, ast, specified_rules, max_errors=MAX_ERRORS))
    operations = {node.name.value if node.name else None: node for node in ast.definitions if isinstance(node, OperationDefinitionNode)}
    if errors:
        return Document(ast, operations, errors, "GRAPHQL_VALIDATION_FAILED")
    public = frozenset(name for name, node in operations.items() if _is_public(schema, ast, node))
    return Document(ast, operations, (), plans=planner.prepare(ast) if planner else None, public=public)


def _is_public(schema: GraphQLSchema, ast: DocumentNode, operation: OperationDefinitionNode) -> bool:
    """Judged by the roots, whatever @skip and @include say about them."""
    root = schema.get_root_type(operation.operation)
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    return root is not None and all(permission_of(root, name) is ANYBODY for name in root_names(operation, fragments))
