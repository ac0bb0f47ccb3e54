"""The shape of a request: the part on which a plan's statement depends. Requests of one shape share a plan; all other values are parameters of the statement.

graphql-core coerces a field's arguments, including the variables inside lists and objects, and the rule of the field's declaration returns the part of them on
which its SQL depends. Builders get that part, and no argument that contains a variable: a value that is not in the shape cannot get into the SQL.
Arguments without a rule are part of the shape by their values.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    VariableValues,
    Visitor,
    visit,
)

from billing.refusals import RequestError
from planner.values import Arguments, arguments_of, has_variables
from schema.declarations.fields import DECLARATION, DEFINITION

# From a field's arguments to the part of them on which its SQL depends. May raise RequestError.
Rule = Callable[[Arguments], Hashable]
# By the type of a declaration; for each declaration, the rule of its field.
Rules = Mapping[type, Callable[[Any], Rule]]

# The shape of all arguments that are refused.
REFUSED = "refused"


def no_shape(_: Arguments) -> Hashable:
    """Return the empty shape: the rule of fields whose arguments are not in the SQL."""
    return ()


def values(arguments: Arguments) -> Hashable:
    return repr(sorted(arguments.items()))


def rule_of(definition: GraphQLField, rules: Rules) -> Rule:
    """Return the rule of a declared field."""
    declaration = definition.extensions[DEFINITION].metadata[DECLARATION]
    return rules[type(declaration)](declaration) if type(declaration) in rules else values


def _is_declared(definition: GraphQLField) -> bool:
    """Return whether a field is declared. Any other is introspection or has a resolver; the executor runs it, so its arguments do not matter."""
    declared = definition.extensions.get(DEFINITION)
    return declared is not None and DECLARATION in declared.metadata


class VariableField(NamedTuple):
    """A field of an operation whose arguments contain variables."""

    node: FieldNode
    definition: GraphQLField
    rule: Rule


@dataclass(slots=True)
class RequestShape:
    """The arguments of one request. A refusal is raised when the arguments are used, because the field may be skipped."""

    rules: Rules
    variables: VariableValues
    shape: tuple[Hashable, ...]
    # By the id of the field's node: its arguments or the exception for them, and their shape.
    varying: Mapping[int, tuple[Arguments | Exception, Hashable]]

    def knows(self, node: FieldNode) -> bool:
        """Return whether the node's arguments are in the shape."""
        return id(node) in self.varying

    def arguments(self, definition: GraphQLField, node: FieldNode) -> Arguments:
        """Return a field's arguments. Raises GraphQLError and RequestError."""
        if not self.knows(node):
            return arguments_of(definition, node, self.variables)
        arguments, _ = self.varying[id(node)]
        if isinstance(arguments, Exception):
            raise arguments
        return arguments

    def shape_of(self, definition: GraphQLField, node: FieldNode) -> Any:
        """Return the shape of a field's arguments. Raises GraphQLError and RequestError."""
        arguments = self.arguments(definition, node)
        return self.varying[id(node)][1] if self.knows(node) else rule_of(definition, self.rules)(arguments)


class ShapeReader:
    """Reader of the shapes of the requests for one operation. The document has the operation and its fragments only."""

    def __init__(self, schema: GraphQLSchema, ast: DocumentNode, rules: Rules) -> None:
        self._rules = rules
        info = TypeInfo(schema)
        visitor = _VariableFields(info, rules)
        visit(ast, TypeInfoVisitor(info, visitor))
        self._variable_fields = visitor.variable_fields
        self._directives = tuple(dict.fromkeys(visitor.directives))

    def read(self, variables: VariableValues) -> RequestShape:
        shape: list[Hashable] = [variables.coerced.get(name) for name in self._directives]
        varying: dict[int, tuple[Arguments | Exception, Hashable]] = {}
        for variable_field in self._variable_fields:
            _, part = varying[id(variable_field.node)] = _read(variable_field, variables)
            shape.append(part)
        return RequestShape(self._rules, variables, tuple(shape), varying)


def _read(variable_field: VariableField, variables: VariableValues) -> tuple[Arguments | Exception, Hashable]:
    try:
        arguments = arguments_of(variable_field.definition, variable_field.node, variables)
        return arguments, variable_field.rule(arguments)
    except (RequestError, GraphQLError) as error:
        return error, REFUSED


class _VariableFields(Visitor):
    """Collector of the fields with variables in their arguments, and of the variables of directives."""

    def __init__(self, info: TypeInfo, rules: Rules) -> None:
        super().__init__()
        self._info = info
        self._rules = rules
        self.variable_fields: list[VariableField] = []
        self.directives: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        definition = self._info.get_field_def()
        if definition is not None and _is_declared(definition) and has_variables(node):
            self.variable_fields.append(VariableField(node, definition, rule_of(definition, self._rules)))

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.directives += [argument.value.name.value for argument in node.arguments or () if isinstance(argument.value, VariableNode)]
