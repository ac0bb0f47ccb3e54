"""GraphQL documents: parsed, weighed and validated once for each text, and remembered."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode, parse, print_schema, validate

import schema as portal
from auth.permissions import ANYBODY
from billing.states import Actor
from gateway.documents.cost import amounts_of
from gateway.documents.limits import DocumentLimits, LimitExceeded, check_cost, check_size, weigh
from gateway.documents.rules import RULES
from planner import CachedPlan, DocumentPlans, PlanCache, Planner
from planner.fields import root_names
from resolvers.documents.publishing import ValidationResult
from schema.declarations.fields import permission_of

FOLDER = Path(portal.__file__).with_name("documents")

# An abstract syntax tree takes about half a kilobyte for each token.
MAX_DOCUMENTS = 1000
MAX_TOKENS = 200_000
MAX_AMOUNTS = 64
# What Postgres' integer holds. What a document is said to cost is an estimate, and no reason to refuse it.
MOST = 2**31 - 1

# For messages about what cannot be parsed.
NAMED = re.compile(r"\b(?:query|mutation)\s+(\w+)")

PARSE = "GRAPHQL_PARSE_FAILED"
# How graphql-core begins to say that it stopped counting tokens.
TOKENS = "Document contains more than"


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document and what is wrong with it; only one without errors may run."""

    ast: DocumentNode | None
    operations: dict[str | None, OperationDefinitionNode]
    errors: tuple[GraphQLError, ...]
    error_code: str = ""
    plans: DocumentPlans | None = None
    public: frozenset[str | None] = frozenset()
    introspects: bool = False
    digest: str = ""
    costs: dict[object, int] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation by its name; without one, the only one there is."""
        if name:
            return self.operations.get(name)
        return next(iter(self.operations.values())) if len(self.operations) == 1 else None

    def is_public(self, name: str | None) -> bool:
        """Whether the operation consists of fields that need no token."""
        operation = self.operation(name)
        return operation is not None and (operation.name and operation.name.value) in self.public


class DocumentCache:
    """Every text that was asked for lately. Bounded in number and in tokens: unknown callers choose the texts."""

    def __init__(self, schema: GraphQLSchema, planner: Planner | None, limits: DocumentLimits | None = None) -> None:
        self.limits = limits or DocumentLimits()
        self._schema = schema
        self._planner = planner
        self._plans: PlanCache[CachedPlan] = PlanCache()
        self._known: OrderedDict[str, PreparedDocument] = OrderedDict()
        self._tokens = 0

    def has_read(self, text: str) -> bool:
        """Whether preparing this text is only a look-up."""
        return text in self._known

    def prepare(self, text: str) -> PreparedDocument:
        found = self._known.get(text)
        if found is not None:
            self._known.move_to_end(text)
            return found
        try:
            check_size(text, self.limits)
        except LimitExceeded as error:
            return _failed("LIMIT_EXCEEDED", error)
        found = _prepared(self._schema, text, self.limits)
        if self._planner and found.ast:
            found = replace(found, plans=self._planner.prepare(found.ast, self._plans))
        self._known[text] = found
        self._tokens += _tokens(found)
        while len(self._known) > MAX_DOCUMENTS or (self._tokens > MAX_TOKENS and len(self._known) > 1):
            self._tokens -= _tokens(self._known.popitem(last=False)[1])
        return found

    def cost(self, document: PreparedDocument, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """What the operation costs with these variables. Raises LimitExceeded for more than may be."""
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
    """The portal's own pages, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.graphql"))}


def first_party_actions() -> dict[str, str]:
    """What the portal's pages call: each mutation and preview that a customer may use, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "actions").rglob("*.graphql"), key=lambda path: path.name)}


def of_staff() -> dict[str, str]:
    """What staff call, by name. Nobody else is answered by their ids."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "staff").rglob("*.graphql"), key=lambda path: path.name)}


def _prepared(schema: GraphQLSchema, text: str, limits: DocumentLimits) -> PreparedDocument:
    try:
        ast = parse(text, max_tokens=limits.tokens, allow_empty_selection_sets=False)
        weighed = weigh(schema, ast, limits, {})
        errors = validate(schema, ast, RULES, max_errors=limits.errors)
    except LimitExceeded as error:
        return _failed("LIMIT_EXCEEDED", error)
    except GraphQLError as error:
        too_long = LimitExceeded("tokens", limits.tokens, "The document has too many tokens")
        return _failed("LIMIT_EXCEEDED", too_long) if TOKENS in error.message else _failed(PARSE, error)
    except RecursionError:
        return _failed(PARSE, GraphQLError("The document is nested too deeply."))
    if errors:
        return _failed("GRAPHQL_VALIDATION_FAILED", *errors[: limits.errors])
    operations = {node.name.value if node.name else None: node for node in ast.definitions if isinstance(node, OperationDefinitionNode)}
    return PreparedDocument(
        ast,
        operations,
        (),
        public=frozenset(name for name, node in operations.items() if _is_public(schema, ast, node)),
        introspects=weighed.introspects,
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def validate_document(schema: GraphQLSchema, limits: DocumentLimits, text: str) -> ValidationResult:
    """A text that is to be trusted, as strictly as every other."""
    try:
        check_size(text, limits)
    except LimitExceeded as error:
        return ValidationResult((), 0, (error.message,), digest(schema, limits))
    found = _prepared(schema, text, limits)
    operations = [name or "" for name in found.operations] if not found.errors else NAMED.findall(text)
    errors = tuple(error.message for error in found.errors) or (() if operations else ("It has no operation.",))
    return ValidationResult(tuple(operations), _usual_cost(schema, found, limits), errors, digest(schema, limits), _not_for_partners(schema, found))


def _not_for_partners(schema: GraphQLSchema, document: PreparedDocument) -> tuple[str, ...]:
    """The root fields that no partner's app may call, whatever scope it has."""
    if document.ast is None:
        return ()
    roots = {(permission_of(root, name), name) for root, name in _roots(schema, document.ast, document.operations.values())}
    return tuple(sorted(name for permission, name in roots if permission and Actor.PARTNER not in permission.kinds))


def _usual_cost(schema: GraphQLSchema, document: PreparedDocument, limits: DocumentLimits) -> int:
    """Of its dearest operation, called with the defaults of its variables, and with pages of the usual size where they have none."""
    if document.ast is None:
        return 0
    unbounded = replace(limits, cost=MOST**2)
    costs = [weigh(schema, document.ast, unbounded, amounts_of(node, {})).costs[name] for name, node in document.operations.items()]
    return min(max(costs, default=0), MOST)


@lru_cache(maxsize=8)
def digest(schema: GraphQLSchema, limits: DocumentLimits) -> str:
    """What a document was judged by, in 32 characters."""
    return hashlib.sha256(f"{print_schema(schema)}\n{limits}".encode()).hexdigest()[:32]


def _failed(code: str, *errors: GraphQLError) -> PreparedDocument:
    return PreparedDocument(None, {}, errors, code)


def _tokens(document: PreparedDocument) -> int:
    """A document that failed is kept without its tree."""
    return document.ast.token_count or 0 if document.ast else 0


def _is_public(schema: GraphQLSchema, ast: DocumentNode, operation: OperationDefinitionNode) -> bool:
    """Judged by the roots, whatever @skip and @include say about them."""
    return all(permission_of(root, name) is ANYBODY for root, name in _roots(schema, ast, [operation]))


def _roots(schema: GraphQLSchema, ast: DocumentNode, operations: Iterable[OperationDefinitionNode]) -> Iterator[tuple[GraphQLObjectType, str]]:
    """The root type and the name of every root field of the operations; of a valid document."""
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    for operation in operations:
        root = schema.get_root_type(operation.operation)
        assert root is not None
        for name in root_names(operation, fragments):
            yield root, name
