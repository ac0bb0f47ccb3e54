"""The digest of the schema and the limits by which documents are validated."""

from dataclasses import replace

import pytest
from graphql import build_schema

from gateway.documents.document_cache import digest
from gateway.documents.limits import DocumentLimits

SDL = 'directive @once on FIELD\nschema { query: Query }\ntype Query { name(first: Int = 1): String! }\ninput Names { "Any." first: String }'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("String!", "String"),
        ("Int = 1", "Int = 2"),
        ('"Any."', '"Some."'),
        ("@once on FIELD", "@once on QUERY"),
        ("directive @once on FIELD\n", ""),
        ("query: Query }", "query: Query mutation: Query }"),
        ("input Names", "input Others"),
    ],
)
def test_the_digest_depends_on_all_of_the_schema(before: str, after: str) -> None:
    digests = [digest(build_schema(text), DocumentLimits()) for text in (SDL, SDL, SDL.replace(before, after))]
    assert before in SDL
    assert digests[0] == digests[1] != digests[2]


def test_the_digest_depends_on_the_limits() -> None:
    schema = build_schema(SDL)
    assert digest(schema, DocumentLimits()) != digest(schema, replace(DocumentLimits(), depth=3))
