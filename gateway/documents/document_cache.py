"""The cache of GraphQL documents: each text is parsed, its cost computed, and validated once."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode, parse, validate
from graphql.utilities import print_directive, print_type

import schema as portal
from auth.permissions import ANYBODY
from auth.viewer import Viewer
from billing.states import Actor
from gateway.documents.cost import amounts_of
from gateway.documents.limits import DocumentLimits, LimitExceeded, check_cost, check_size, weigh
from gateway.documents.reading_scope import DocumentReach
from gateway.documents.rules import RULES
from gateway.documents.selections import DocumentSelections
from planner import CachedPlan, DocumentPlans, PlanCache, Planner
from planner.fields import root_names
from resolvers.documents.publishing import ValidationResult
from schema.declarations.fields import permission_of

FOLDER = Path(portal.__file__).with_name("documents")

# An abstract syntax tree takes about half a kilobyte per token.
MAX_DOCUMENTS = 1000
MAX_TOKENS = 200_000
MAX_AMOUNTS = 64
# The largest value of Postgres' integer. The stored cost of a document is an estimate; a document is not refused for it.
MAX_COST = 2**31 - 1

# Finds the operation names of a text that cannot be parsed, for messages.
OPERATION_NAME = re.compile(r"\b(?:query|mutation|subscription)\s+(\w+)")

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
# The beginning of graphql-core's message for too many tokens.
TOO_MANY_TOKENS = "Document contains more than"


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A parsed and validated document, or its errors; only a document without errors may run."""

    ast: DocumentNode | None
    operations: dict[str | None, OperationDefinitionNode]
    errors: tuple[GraphQLError, ...]
    error_code: str = ""
    plans: DocumentPlans | None = None
    public: frozenset[str | None] = frozenset()
    introspects: bool = False
    digest: str = ""
    costs: dict[object, int] = field(default_factory=dict)
    # What is made of its live operations once, by the operation's name.
    live: dict[str | None, Any] = field(default_factory=dict)
    # What the executor selects of each object type.
    selections: DocumentSelections = field(default_factory=DocumentSelections)
    # What its operations lead to, for callers without the scope `read`.
    reach: DocumentReach | None = None

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation with this name, or without a name the only operation of the document. None if there is no such operation."""
        if name:
            return self.operations.get(name)
        return next(iter(self.operations.values())) if len(self.operations) == 1 else None

    def is_public(self, name: str | None) -> bool:
        """Whether every root field of the operation needs no token."""
        operation = self.operation(name)
        return operation is not None and (operation.name and operation.name.value) in self.public


class DocumentCache:
    """The most recently used documents by their text. Bounded in number and in tokens, because unauthenticated callers choose the texts."""

    def __init__(self, schema: GraphQLSchema, planner: Planner | None, limits: DocumentLimits | None = None) -> None:
        self.limits = limits or DocumentLimits()
        self._schema = schema
        self._planner = planner
        self._plans: PlanCache[CachedPlan] = PlanCache()
        self._documents: OrderedDict[str, PreparedDocument] = OrderedDict()
        self._tokens = 0

    @property
    def size(self) -> int:
        return len(self._documents)

    @property
    def fallbacks(self) -> Mapping[str, int]:
        """Return how often the executor ran what has no plan, by reason, in all caches of the planner."""
        return self._planner.fallbacks if self._planner else {}

    def is_cached(self, text: str) -> bool:
        """Whether preparing this text is only a look-up in the cache."""
        return text in self._documents

    def prepare(self, text: str) -> PreparedDocument:
        """Return the document of this text, from the cache if it is there."""
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
            return document
        try:
            check_size(text, self.limits)
        except LimitExceeded as error:
            return _invalid("LIMIT_EXCEEDED", error)
        document = _prepared(self._schema, text, self.limits)
        if self._planner and document.ast:
            document = replace(document, plans=self._planner.prepare(document.ast, self._plans))
        self._documents[text] = document
        self._tokens += _tokens(document)
        while len(self._documents) > MAX_DOCUMENTS or (self._tokens > MAX_TOKENS and len(self._documents) > 1):
            self._tokens -= _tokens(self._documents.popitem(last=False)[1])
        return document

    def check(self, document: PreparedDocument, operation: OperationDefinitionNode, variables: Mapping[str, Any], viewer: Viewer) -> int:
        """Check an operation before it runs, and return its cost with these variables. Raises LimitExceeded; Forbidden for a selection that needs the scope `read`."""
        assert document.reach is not None
        cost = self.cost(document, operation, variables)
        document.reach.check(operation, variables, viewer)
        return cost

    def cost(self, document: PreparedDocument, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """Return the cost of the operation with these variables. Raises LimitExceeded."""
        assert document.ast is not None
        amounts = amounts_of(operation, variables)
        name = operation.name.value if operation.name else None
        key = (name, *amounts.values())
        if key not in document.costs:
            if len(document.costs) >= MAX_AMOUNTS:
                document.costs.clear()
            document.costs[key] = weigh(self._schema, document.ast, self.limits, amounts).costs[name]
        check_cost(document.costs[key], self.limits)
        return document.costs[key]


def first_party() -> dict[str, str]:
    """Return the documents of the portal's pages and of the customer's events, by name."""
    paths = [*FOLDER.glob("*.graphql"), *(FOLDER / "events").glob("*.graphql")]
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(paths, key=lambda path: path.name)}


def first_party_actions() -> dict[str, str]:
    """Return the documents of each mutation and preview that a customer may use in the portal, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "actions").rglob("*.graphql"), key=lambda path: path.name)}


def first_party_streams() -> dict[str, str]:
    """Return the documents that open pages of the portal follow, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "live").glob("*.graphql"), key=lambda path: path.name)}


def of_staff() -> dict[str, str]:
    """Return the documents of staff, by name. Only staff may send their ids."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "staff").rglob("*.graphql"), key=lambda path: path.name)}


def _prepared(schema: GraphQLSchema, text: str, limits: DocumentLimits) -> PreparedDocument:
    try:
        ast = parse(text, max_tokens=limits.tokens, allow_empty_selection_sets=False)
        weighed = weigh(schema, ast, limits, {})
        errors = validate(schema, ast, RULES, max_errors=limits.errors)
    except LimitExceeded as error:
        return _invalid("LIMIT_EXCEEDED", error)
    except GraphQLError as error:
        too_long = LimitExceeded("tokens", limits.tokens, "The document has too many tokens")
        return _invalid("LIMIT_EXCEEDED", too_long) if TOO_MANY_TOKENS in error.message else _invalid(PARSE_FAILED, error)
    except RecursionError:
        return _invalid(PARSE_FAILED, GraphQLError("The document is nested too deeply."))
    if errors:
        return _invalid("GRAPHQL_VALIDATION_FAILED", *errors[: limits.errors])
    operations = {node.name.value if node.name else None: node for node in ast.definitions if isinstance(node, OperationDefinitionNode)}
    return PreparedDocument(
        ast,
        operations,
        (),
        public=frozenset(name for name, node in operations.items() if _is_public(schema, ast, node)),
        introspects=weighed.introspects,
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        reach=DocumentReach(schema, ast),
    )


def validate_document(schema: GraphQLSchema, limits: DocumentLimits, text: str) -> ValidationResult:
    """Validate a text that is to be published, by the same rules as the text of a request."""
    try:
        check_size(text, limits)
    except LimitExceeded as error:
        return ValidationResult((), 0, (error.message,), digest(schema, limits))
    document = _prepared(schema, text, limits)
    operations = [name or "" for name in document.operations] if not document.errors else OPERATION_NAME.findall(text)
    errors = tuple(error.message for error in document.errors) or (() if operations else ("It has no operation.",))
    return ValidationResult(tuple(operations), _usual_cost(schema, document, limits), errors, digest(schema, limits), _not_for_partners(schema, document))


def _not_for_partners(schema: GraphQLSchema, document: PreparedDocument) -> tuple[str, ...]:
    """Return the root fields that no partner's app may call, whatever its scopes."""
    if document.ast is None:
        return ()
    roots = {(permission_of(root, name), name) for root, name in _roots(schema, document.ast, document.operations.values())}
    return tuple(sorted(name for permission, name in roots if permission and Actor.PARTNER not in permission.kinds))


def _usual_cost(schema: GraphQLSchema, document: PreparedDocument, limits: DocumentLimits) -> int:
    """Return the cost of the most expensive operation, with the defaults of its variables, and the default page size where there is no default."""
    if document.ast is None:
        return 0
    unbounded = replace(limits, cost=MAX_COST**2)
    costs = [weigh(schema, document.ast, unbounded, amounts_of(node, {})).costs[name] for name, node in document.operations.items()]
    return min(max(costs, default=0), MAX_COST)


@lru_cache(maxsize=8)
def digest(schema: GraphQLSchema, limits: DocumentLimits) -> str:
    """Return the digest, in 32 characters, of the schema and limits by which documents are validated."""
    result = hashlib.sha256(f"{schema.query_type} {schema.mutation_type} {schema.subscription_type} {limits}".encode())
    for part in chain(map(print_directive, schema.directives), map(print_type, schema.type_map.values())):  # the text of the whole schema would take megabytes
        result.update(f"\n\n{part}".encode())
    return result.hexdigest()[:32]


def _invalid(code: str, *errors: GraphQLError) -> PreparedDocument:
    return PreparedDocument(None, {}, errors, code)


def _tokens(document: PreparedDocument) -> int:
    """Return the number of tokens; 0 for an invalid document, which is cached without its tree."""
    return document.ast.token_count or 0 if document.ast else 0


def _is_public(schema: GraphQLSchema, ast: DocumentNode, operation: OperationDefinitionNode) -> bool:
    """Whether every root field needs no token. Fields under @skip and @include count too."""
    return all(permission_of(root, name) is ANYBODY for root, name in _roots(schema, ast, [operation]))


def _roots(schema: GraphQLSchema, ast: DocumentNode, operations: Iterable[OperationDefinitionNode]) -> Iterator[tuple[GraphQLObjectType, str]]:
    """Yield the root type and the name of every root field of the operations. The document must be valid."""
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    for operation in operations:
        root = schema.get_root_type(operation.operation)
        assert root is not None
        for name in root_names(operation, fragments):
            yield root, name
