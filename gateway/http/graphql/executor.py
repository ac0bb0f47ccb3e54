"""The executor: graphql-core's, with statements of the planner for parts of an operation, and shorter ways for fields of the declared kinds.

Where all fields below one are declared, they are read by levels (`gateway/levels`). Other fields, and all of them after an error, are read one by one: a column needs
no `info`, no arguments and no path, so most of them are an attribute and its serializer here. What may fail or is rare is left to graphql-core, which then reports the
error.
"""

import inspect
import logging
from collections.abc import Coroutine, Iterable
from types import CoroutineType
from typing import Any

from graphql import (
    Executor,
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    Undefined,
    get_argument_values,
    get_nullable_type,
)
from graphql.execution.collect_fields import CollectedFields
from graphql.pyutils import Path, gather_with_cancel

from gateway.documents.document_cache import PreparedDocument
from gateway.documents.selections import Details, Fields, FieldStep, Selection, step_of
from gateway.http.graphql.statements import read_members
from gateway.levels.reading import read_levels
from gateway.levels.run import LevelSelection, LookUp
from gateway.levels.steps import LevelMaker
from planner import ROOT, BoundMembers, DocumentPlans, is_resolved, position_of
from resolvers.context import Context

logger = logging.getLogger("portico.http")

# The type, the value and the path of an object; the path of the root is None.
Place = tuple[GraphQLObjectType, Any, Path | None]


class RowInfo:
    """What resolvers of declared fields use of graphql-core's `info`."""

    __slots__ = ("context",)

    def __init__(self, context: Context) -> None:
        self.context = context


class PlanningExecutor(Executor[None]):
    """Members of a query, and of the objects that its root fields return, are read by one statement each where they have a plan, and by levels where they are declared."""

    def __init__(self, *arguments: Any, prepared: PreparedDocument, plans: DocumentPlans | None, by_levels: bool, **named: Any) -> None:
        super().__init__(*arguments, **named)
        assert prepared.ast is not None
        self._plans, self._is_by_levels = plans, by_levels
        self._selections = prepared.selections.of(prepared.ast, self.variable_values.coerced)
        self._row_info = RowInfo(self.context_value)

    def execute_fields(self, parent_type: GraphQLObjectType, source_value: Any, path: Path | None, grouped_field_set: Fields, position_context: None) -> Any:
        """Execute the fields of an object; `path` is None for the root."""
        if path is None:
            return self._whole(ROOT, parent_type, source_value, path, grouped_field_set)
        return self._run(parent_type, source_value, path, [step_of(parent_type, key, details) for key, details in grouped_field_set.items()])

    def complete_object_value(
        self, return_type: GraphQLObjectType, field_details_list: Details, info: GraphQLResolveInfo[Any], path: Path, result: Any, position_context: None
    ) -> Any:
        """Complete an object. The members of one that a resolver of a root field has returned are planned, or read by levels."""
        selection = self._selection(return_type, field_details_list)
        if path.prev is None and is_resolved(info.parent_type, info.field_name):
            return self._whole(str(path.key), return_type, result, path, selection.fields)
        return self._run(return_type, result, path, selection.steps)

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: Details) -> CollectedFields:
        return CollectedFields(self._selection(return_type, field_details_list).fields, [], [])

    def _selection(self, kind: GraphQLObjectType, details: Details) -> Selection:
        """Return the fields that some nodes select of an object type. Nodes live as long as the document, and so do its selections."""
        key = (kind, *[id(detail.node) for detail in details])
        selection = self._selections.get(key)
        if selection is None:
            fields = super().collect_subfields(kind, details).grouped_field_set
            selection = self._selections[key] = Selection(fields, tuple(step_of(kind, name, each) for name, each in fields.items()))
        return selection

    def _whole(self, key: str, kind: GraphQLObjectType, source: Any, path: Path | None, fields: Fields) -> Any:
        """Return the fields of an object: those that have a plan by its statement, then those that can be read by levels, and then all others one by one."""
        members = self._members(key, kind, source, fields) if self._plans else None
        levels = None if members else self._levels(kind, fields)
        if members or levels:
            return self._by_parts(members, levels, (kind, source, path), fields)
        return self._run(kind, source, path, [step_of(kind, name, details) for name, details in fields.items()])

    def _members(self, key: str, kind: GraphQLObjectType, source: Any, fields: Fields) -> BoundMembers | None:
        """Return what a statement reads of an object's fields."""
        assert self._plans is not None
        nodes = {name: [detail.node for detail in details] for name, details in fields.items()}
        try:
            position = position_of(key, kind, nodes, source)
            return self._plans.bind_members(self.operation, self.variable_values, self.context_value.viewer, position, source)
        except Exception:  # a bug in the planner
            logger.warning("a part of an operation could not be planned; the executor reads it", exc_info=True)
            return None

    def _levels(self, kind: GraphQLObjectType, fields: Fields) -> LevelSelection | None:
        """Return the steps of those fields of an object that are read by levels, made once for a document."""
        if not self._is_by_levels:
            return None
        key = ("levels", kind, *[id(detail.node) for details in fields.values() for detail in details])
        if key not in self._selections:
            selection = self._selections[key] = Selection(fields, ())
            try:
                selection.levels = LevelMaker(self.schema, self._selection).some(kind, fields)
            except Exception:  # a bug in the declarations or in the levels
                logger.warning("fields could not be prepared for levels; the executor reads them one by one", exc_info=True)
        levels: LevelSelection | None = self._selections[key].levels
        return levels

    async def _by_parts(self, members: BoundMembers | None, levels: LevelSelection | None, place: Place, fields: Fields) -> dict[str, Any]:
        """Return the fields of an object, in their order. What a part has failed to read is read by the next."""
        kind, source, path = place
        values: dict[str, Any] = {}
        if members and self._plans:
            values = await read_members(members, self._plans, self.context_value) or {}
            levels = self._levels(kind, {key: details for key, details in fields.items() if key not in values})
        if levels:
            values |= await read_levels(levels, source, self.context_value, self)
        executed = self._run(kind, source, path, [step_of(kind, key, details) for key, details in fields.items() if key not in values])
        values |= await executed if inspect.isawaitable(executed) else executed
        return {key: values[key] for key in fields if key in values}

    def arguments(self, definition: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the coerced arguments of a field. Raises GraphQLError."""
        return get_argument_values(definition, node, self.variable_values, None, self.hide_suggestions)

    async def look_up(self, field: LookUp, source: Any) -> Any:
        """Return what the resolver of a root field returns."""
        info = self.build_resolve_info(field.definition, field.nodes, field.kind, Path(None, field.key, field.kind.name))
        assert field.definition.resolve is not None
        result = field.definition.resolve(source, info, **self.arguments(field.definition, field.nodes[0]))
        return await result if inspect.isawaitable(result) else result

    def _run(self, kind: GraphQLObjectType, source: Any, path: Path | None, steps: Iterable[FieldStep]) -> Any:
        """Return the fields of an object, or a coroutine of them where one of them waits for rows."""
        values: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for step in steps:
                value = _leaf(step, source)
                if value is Undefined:
                    value = self._field(kind, source, path, step)
                    if value is Undefined:
                        continue
                    if type(value) is CoroutineType:
                        waiting.append(step.key)
                values[step.key] = value
        except Exception:
            self.settle_in_background([values[key] for key in waiting])
            raise
        return _gathered(values, waiting) if waiting else values

    def _field(self, kind: GraphQLObjectType, source: Any, path: Path | None, step: FieldStep) -> Any:
        """Return the value of a field that is no plain column. Undefined for one that the type does not have."""
        here = Path(path, step.key, kind.name)
        if step.resolve is None and step.item is None:
            return self.execute_field(kind, source, step.details, here, None)
        try:
            result = step.resolve(source, self._row_info, **self._arguments(kind, step)) if step.resolve else step.attribute(source)  # type: ignore[misc]
            if self.is_awaitable(result):
                return self._awaited(step, here, result)
            completed = self._completed(step, here, result)
            return self._caught(completed, step.kind, step.details, here) if type(completed) is CoroutineType else completed
        except Exception as error:
            self.handle_field_error(error, step.kind, step.details, here)
            return None

    def _arguments(self, kind: GraphQLObjectType, step: FieldStep) -> Any:
        if step.arguments is not None:
            return step.arguments
        node = step.details[0].node
        return self.arguments(kind.fields[node.name.value], node)

    async def _awaited(self, step: FieldStep, path: Path, result: Any) -> Any:
        try:
            completed = self._completed(step, path, await result)
            return await completed if type(completed) is CoroutineType else completed
        except Exception as error:
            self.handle_field_error(error, step.kind, step.details, path)
            return None

    async def _caught(self, completed: Coroutine[Any, Any, Any], kind: GraphQLOutputType, details: Details, path: Path) -> Any:
        try:
            return await completed
        except Exception as error:
            self.handle_field_error(error, kind, details, path)
            return None

    def _completed(self, step: FieldStep, path: Path, result: Any) -> Any:
        """Return a resolved value as it is in the answer; as a coroutine where something below waits. Raises as graphql-core does."""
        if result is None and not step.is_required:
            return None
        is_plain = result is not None and not isinstance(result, Exception)
        if is_plain and step.serialize is not None:
            value = step.serialize(result)
            if value is not None and value is not Undefined:
                return value
        elif is_plain and step.is_list and step.item is not None and type(result) is list and None not in result:
            return self._list(step, path, result)
        elif is_plain and step.item is not None and not step.is_list:
            return self._run(step.item, result, path, self._selection(step.item, step.details).steps)
        kind = self.schema.get_type(str(path.typename))
        assert isinstance(kind, GraphQLObjectType)
        definition = kind.fields[step.details[0].node.name.value]
        info = self.build_resolve_info(definition, [detail.node for detail in step.details], kind, path)
        return self.complete_value(step.kind, step.details, info, path, result, None)

    def _list(self, step: FieldStep, path: Path, rows: list[Any]) -> Any:
        """Return the objects of a list of rows."""
        assert step.item is not None
        listed = get_nullable_type(step.kind)
        assert isinstance(listed, GraphQLList)
        steps = self._selection(step.item, step.details).steps
        values: list[Any] = []
        waiting: list[int] = []
        try:
            for number, row in enumerate(rows):
                place = Path(path, number, None)
                try:
                    value = self._run(step.item, row, place, steps)
                except Exception as error:
                    self.handle_field_error(error, listed.of_type, step.details, place)
                    value = None
                if type(value) is CoroutineType:
                    value = self._caught(value, listed.of_type, step.details, place)
                    waiting.append(number)
                values.append(value)
        except Exception:
            self.settle_in_background([values[number] for number in waiting])
            raise
        return _gathered(values, waiting) if waiting else values


def _leaf(step: FieldStep, source: Any) -> Any:
    """Return the JSON of a column of a row; Undefined for any other field, and for a value that is an error."""
    if step.attribute is None or step.serialize is None:
        return Undefined
    try:
        value = step.attribute(source)
        if value is not None:
            value = step.serialize(value)
            return Undefined if value is None else value
    except Exception:  # graphql-core meets it again, and reports it
        return Undefined
    return Undefined if step.is_required else None


async def _gathered(values: Any, waiting: list[Any]) -> Any:
    """Return a list or object of values, some of which are awaited first, all at a time."""
    if len(waiting) == 1:
        values[waiting[0]] = await values[waiting[0]]
        return values
    awaited = await gather_with_cancel(*[values[place] for place in waiting])
    for place, value in zip(waiting, awaited, strict=True):
        values[place] = value
    return values
