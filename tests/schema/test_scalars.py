"""What a wrong value of a scalar is answered with: what was expected, in words of the schema and not of Python."""

from typing import Any

import pytest
from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema

DAY, INSTANT = "not a calendar day such as 2026-11-22", "not an instant such as 2026-11-22T09:30:00.000Z"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        *(("Date", value, DAY) for value in ("22.11.2026", "", "2026-02-30", "2026-11-22T09:30:00Z", 20261122, True, None, [])),
        *(("DateTime", value, INSTANT) for value in ("tomorrow", "", "2026-02-30T00:00:00Z", 1, False, {})),
        ("Date", "1899-12-31", "must be from 1900-01-01 to 2999-12-31"),
        ("DateTime", "2026-11-22T09:30:00", "an instant needs its offset, such as Z"),
    ],
)
def test_a_wrong_day_or_instant_says_what_one_is(graphql_schema: GraphQLSchema, name: str, value: Any, expected: str) -> None:
    scalar = graphql_schema.type_map[name]
    assert isinstance(scalar, GraphQLScalarType)
    with pytest.raises((GraphQLError, ValueError)) as refused:
        scalar.parse_value(value)
    assert expected in str(refused.value)
    assert "isoformat" not in str(refused.value)


def test_a_right_day_and_instant_are_read(graphql_schema: GraphQLSchema) -> None:
    for name, text in (("Date", "2026-11-22"), ("DateTime", "2026-11-22T10:30:00+01:00")):
        scalar = graphql_schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        assert str(scalar.parse_value(text))[:10] == "2026-11-22"
