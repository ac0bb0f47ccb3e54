"""Our rules say of every document what graphql-core's say."""

import pytest
from graphql import GraphQLSchema, parse, specified_rules, validate

from gateway.documents.document_cache import first_party, first_party_actions
from gateway.documents.rules import RULES

# By the rule that each of them breaks.
WRONG = {
    "ExecutableDefinitionsRule": "{ __typename } type T { a: Int }",
    "UniqueOperationNamesRule": "query A { __typename } query A { __typename }",
    "LoneAnonymousOperationRule": "{ __typename } query A { __typename }",
    "KnownTypeNamesRule": "query ($a: Nothing) { customer(id: $a) { id } }",
    "FragmentsOnCompositeTypesRule": "{ customer { ...F } } fragment F on String { a }",
    "VariablesAreInputTypesRule": "query ($a: Customer) { customer(id: $a) { id } }",
    "ScalarLeafsRule": "{ customer }",
    "FieldsOnCorrectTypeRule": "{ customer { nothing } }",
    "UniqueFragmentNamesRule": "{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }",
    "KnownFragmentNamesRule": "{ ...F }",
    "NoUnusedFragmentsRule": "{ __typename } fragment F on Query { __typename }",
    "PossibleFragmentSpreadsRule": "{ customer { ... on Plan { id } } }",
    "NoFragmentCyclesRule": "{ ...F } fragment F on Query { ...F }",
    "UniqueVariableNamesRule": "query ($a: ID, $a: ID) { customer(id: $a) { id } }",
    "NoUndefinedVariablesRule": "{ customer(id: $a) { id } }",
    "NoUnusedVariablesRule": "query ($a: ID) { customer { id } }",
    "KnownDirectivesRule": "{ customer @nothing { id } }",
    "UniqueDirectivesPerLocationRule": "{ customer @skip(if: true) @skip(if: true) { id } }",
    "KnownArgumentNamesRule": "{ customer(nothing: 1) { id } }",
    "UniqueArgumentNamesRule": '{ customer(id: "a", id: "b") { id } }',
    "ValuesOfCorrectTypeRule": "{ customer { invoices(first: true) { totalCount } } }",
    "ProvidedRequiredArgumentsRule": "{ node { id } }",
    "VariablesInAllowedPositionRule": "query ($a: Int) { customer(id: $a) { id } }",
    "OverlappingFieldsCanBeMergedRule": "{ customer { a: id a: name } }",
    "UniqueInputFieldNamesRule": '{ plans(filter: { currency: "USD", currency: "EUR" }) { totalCount } }',
}


@pytest.mark.parametrize("rule", WRONG)
def test_a_broken_rule_is_told_in_the_same_words(graphql_schema: GraphQLSchema, rule: str) -> None:
    ast = parse(WRONG[rule])
    (broken,) = [known for known in specified_rules if known.__name__ == rule]
    assert validate(graphql_schema, ast, [broken])
    messages, expected = ([error.formatted for error in validate(graphql_schema, ast, rules)] for rules in (RULES, specified_rules))
    assert messages == expected


def test_documents_that_hold_still_hold(graphql_schema: GraphQLSchema) -> None:
    for text in (first_party() | first_party_actions()).values():
        assert validate(graphql_schema, parse(text), RULES) == []
