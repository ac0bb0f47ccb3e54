"""What a plan's statement depends on in a request: its shape. Requests of one shape share a plan; everything else travels as a parameter.

A field's arguments are coerced by graphql-core, which walks their values through every list and object to the variables in them, and the rule of the field's
declaration says what of them its SQL depends on. Builders get that, and no argument that a variable has a part in: what is not in the shape cannot get into the SQL.
Arguments that no rule is known for are told apart by their values.
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

# From a field's arguments to what of them its SQL depends on. May raise RequestError.
Rule = Callable[[Arguments], Hashable]
# By the type of a declaration; for each declaration, the rule of its field.
Rules = Mapping[type, Callable[[Any], Rule]]

# The shape of arguments that are refused, whatever is wrong with them.
REFUSED = "refused"


def no_shape(_: Arguments) -> Hashable:
    """The rule of fields whose arguments are not in the SQL at all."""
    return ()


def values(arguments: Arguments) -> Hashable:
    return repr(sorted(arguments.items()))


def rule_of(definition: GraphQLField, rules: Rules) -> Rule:
    """What is not declared is introspection or resolved by a function of its own; the executor answers it, whatever the arguments."""
    declared = definition.extensions.get(DEFINITION)
    declaration = declared.metadata.get(DECLARATION) if declared else None
    if declaration is None:
        return no_shape
    return rules[type(declaration)](declaration) if type(declaration) in rules else values


class VariableField(NamedTuple):
    """A field of an operation whose arguments have variables in them."""

    node: FieldNode
    definition: GraphQLField
    rule: Rule


@dataclass(slots=True)
class RequestShape:
    """The arguments of one request. A refusal is raised where the arguments are used, for the field may be skipped."""

    rules: Rules
    variables: VariableValues
    shape: tuple[Hashable, ...]
    # By the id of the field's node: its arguments or what is wrong with them, and their shape.
    varying: Mapping[int, tuple[Arguments | Exception, Hashable]]

    def knows(self, node: FieldNode) -> bool:
        """Whether the node's arguments are in the shape."""
        return id(node) in self.varying

    def arguments(self, definition: GraphQLField, node: FieldNode) -> Arguments:
        """Raises GraphQLError and RequestError."""
        if not self.knows(node):
            return arguments_of(definition, node, self.variables)
        arguments, _ = self.varying[id(node)]
        if isinstance(arguments, Exception):
            raise arguments
        return arguments

    def shape_of(self, definition: GraphQLField, node: FieldNode) -> Any:
        """Raises GraphQLError and RequestError."""
        arguments = self.arguments(definition, node)
        return self.varying[id(node)][1] if self.knows(node) else rule_of(definition, self.rules)(arguments)


class ShapeReader:
    """Reads the shapes of the requests for one operation, which comes with its fragments and no others."""

    def __init__(self, schema: GraphQLSchema, ast: DocumentNode, rules: Rules) -> None:
        self._rules = rules
        info = TypeInfo(schema)
        visitor = _VariableFields(info, rules)
        visit(ast, TypeInfoVisitor(info, visitor))
        self._places = visitor.places
        self._directives = tuple(dict.fromkeys(visitor.directives))

    def read(self, variables: VariableValues) -> RequestShape:
        shape: list[Hashable] = [variables.coerced.get(name) for name in self._directives]
        varying: dict[int, tuple[Arguments | Exception, Hashable]] = {}
        for place in self._places:
            _, part = varying[id(place.node)] = _read(place, variables)
            shape.append(part)
        return RequestShape(self._rules, variables, tuple(shape), varying)


def _read(place: VariableField, variables: VariableValues) -> tuple[Arguments | Exception, Hashable]:
    try:
        arguments = arguments_of(place.definition, place.node, variables)
        return arguments, place.rule(arguments)
    except (RequestError, GraphQLError) as error:
        return error, REFUSED


class _VariableFields(Visitor):
    """Notes the fields with variables in their arguments, and the variables of directives."""

    def __init__(self, info: TypeInfo, rules: Rules) -> None:
        super().__init__()
        self._info = info
        self._rules = rules
        self.places: list[VariableField] = []
        self.directives: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        definition = self._info.get_field_def()
        if definition is not None and has_variables(node):
            self.places.append(VariableField(node, definition, rule_of(definition, self._rules)))

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.directives += [argument.value.name.value for argument in node.arguments or () if isinstance(argument.value, VariableNode)]
