"""The executor: graphql-core's, with statements of the planner for parts of an operation."""

import inspect
import logging
from typing import Any

from graphql import Executor, GraphQLObjectType, GraphQLResolveInfo
from graphql.pyutils import Path

from gateway.http.graphql.statements import read_members
from planner import ROOT, BoundMembers, DocumentPlans, is_resolved, position_of

logger = logging.getLogger("portico.http")

# The nodes of an object's fields by response key, as graphql-core collects them.
GroupedFieldSet = dict[str, list[Any]]


class PlanningExecutor(Executor[None]):
    """graphql-core's executor. Members of a query, and of the objects that its root fields return, are read by one statement each where they have a plan."""

    def __init__(self, *arguments: Any, plans: DocumentPlans | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._plans = plans

    def execute_fields(
        self, parent_type: GraphQLObjectType, source_value: Any, path: Path | None, grouped_field_set: GroupedFieldSet, position_context: None
    ) -> Any:
        """Execute the fields of an object; `path` is None for the root."""
        if path is None and self._plans is not None:
            members = self._members(ROOT, parent_type, source_value, grouped_field_set)
            if members is not None:
                return self._with_members(members, parent_type, source_value, path, grouped_field_set)
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)

    def complete_object_value(
        self, return_type: GraphQLObjectType, field_details_list: list[Any], info: GraphQLResolveInfo[Any], path: Path, result: Any, position_context: None
    ) -> Any:
        """Complete an object. The members of one that a resolver of a root field has returned are planned."""
        if path.prev is None and self._plans is not None and is_resolved(info.parent_type, info.field_name):
            fields = self.collect_subfields(return_type, field_details_list).grouped_field_set
            members = self._members(str(path.key), return_type, result, fields)
            if members is not None:
                return self._with_members(members, return_type, result, path, fields)
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def _members(self, key: str, kind: GraphQLObjectType, source: Any, fields: GroupedFieldSet) -> BoundMembers | None:
        """Return what a statement reads of an object's fields."""
        assert self._plans is not None
        nodes = {name: [detail.node for detail in details] for name, details in fields.items()}
        try:
            position = position_of(key, kind, nodes, source)
            return self._plans.bind_members(self.operation, self.variable_values, self.context_value.viewer, position, source)
        except Exception:  # a bug in the planner
            logger.warning("a part of an operation could not be planned; the executor reads it", exc_info=True)
            return None

    async def _with_members(self, members: BoundMembers, kind: GraphQLObjectType, source: Any, path: Path | None, fields: GroupedFieldSet) -> dict[str, Any]:
        """Return the object with the members that a statement reads. The executor runs the other fields, and after a failure all of them."""
        assert self._plans is not None
        planned = await read_members(members, self._plans, self.context_value) or {}
        rest = {key: details for key, details in fields.items() if key not in planned}
        executed = super().execute_fields(kind, source, path, rest, None) if rest else {}
        values = planned | (await executed if inspect.isawaitable(executed) else executed)
        return {key: values[key] for key in fields if key in values}
