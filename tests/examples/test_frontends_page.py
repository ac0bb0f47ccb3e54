"""docs/frontends.md agrees with the schema: scalars, cache settings and codes; and its settings for code generation run."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, is_scalar_type, specified_scalar_types

from billing.refusals import ErrorCode
from tests.conftest import copied_project

DOCUMENT = """import { graphql } from './generated';
graphql(`mutation Save($input: SaveCustomerInput!) { saveCustomer(input: $input) { customer { metadata createdAt taxRate summary { totalDue { minorUnits } } } } }`);
graphql(`mutation Upload($input: UploadAttachmentsInput!) { uploadAttachments(input: $input) { attachments { sizeBytes } } }`);
graphql(`query Limits($on: Date!) { customer { statement(currency: "USD", startsOn: $on, endsOn: $on) { pdfUrl } } }`);
"""


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/frontends.md").read_text()


def scalars(schema: GraphQLSchema) -> set[str]:
    return {name for name, kind in schema.type_map.items() if is_scalar_type(kind)} - set(specified_scalar_types)


def test_every_scalar_has_a_row_and_a_type_for_code_generation(page: str, graphql_schema: GraphQLSchema) -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", page.split("## Scalars")[1].split("\n## ")[0], re.M))
    config = json.loads(page.split("```json\n")[1].split("```")[0])
    assert rows == scalars(graphql_schema) == set(config["generates"]["src/generated/"]["config"]["scalars"])


def test_the_settings_for_code_generation_run(page: str, root: Path, tmp_path: Path) -> None:
    project = copied_project(root / "tests/clients/trusted", tmp_path / "project")
    (project / "codegen.json").write_text(page.split("```json\n")[1].split("```")[0])
    (project / "schema.graphql").write_text((root / "schema.graphql").read_text())
    (project / "src").mkdir()
    (project / "src/documents.ts").write_text(DOCUMENT)
    command = [project / "node_modules/.bin/graphql-codegen", "--config", "codegen.json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    types = (project / "src/generated/graphql.ts").read_text()
    assert not re.search(r"\bany\b", types)
    for field in ("metadata: Record<string, string>", "metadata?: Record<string, string | null>", "files: Array<File>", "minorUnits: string"):
        assert field in types, types


def test_the_cache_settings_fit_the_schema(page: str, graphql_schema: GraphQLSchema) -> None:
    attachable = graphql_schema.get_type("Attachable")
    assert isinstance(attachable, GraphQLInterfaceType)
    listed = re.findall(r"'(\w+)'", re.search(r"possibleTypes: \{ Attachable: \[(.*?)\]", page)[1])  # type: ignore[index]
    assert listed == sorted(kind.name for kind in graphql_schema.get_possible_types(attachable))
    values = re.findall(r"'(\w+)'", re.search(r"NO_ID = \[(.*?)\]", page)[1])  # type: ignore[index]
    merged = re.findall(r"(\w+): \{ merge: true \}", page)
    assert len(values) > 3
    assert len(merged) == 2
    for name in values + merged:
        kind = graphql_schema.get_type(name)
        assert isinstance(kind, GraphQLObjectType), name
        assert "id" not in kind.fields, name
    customer = graphql_schema.get_type("Customer")
    assert isinstance(customer, GraphQLObjectType)
    key_arguments = re.findall(r"'(\w+)'", re.search(r"payments: relayStylePagination\(\[(.*?)\]\)", page)[1])  # type: ignore[index]
    assert set(customer.fields["payments"].args) - {"first", "last", "after", "before"} == set(key_arguments)


def test_the_page_names_the_root_of_live_operations(page: str, graphql_schema: GraphQLSchema) -> None:
    named = re.search(r"subscriptionType: \{ name: '(\w+)' \}", page)
    assert named
    assert graphql_schema.subscription_type is graphql_schema.get_type(named[1])
    assert isinstance(graphql_schema.get_type("Subscription"), GraphQLObjectType)


def test_every_code_of_a_refusal_exists(page: str, root: Path) -> None:
    table = page.split("| code in `userErrors` |")[1].split("\n\n")[0]
    refusals = set(re.findall(r"`([A-Z_]+)`", table))
    assert len(refusals) == 4
    assert refusals <= {code.value for code in ErrorCode}
    errors = set(re.findall(r"`([A-Z_]+)`", page.split("| code in `errors` |")[1].split("\n\n")[0]))
    assert len(errors) == 5
    assert errors <= set(re.findall(r"^\| `(\w+)` \| \d", (root / "docs/errors.md").read_text(), re.M))
