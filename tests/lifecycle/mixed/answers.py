"""The codes by which each mutation may refuse, as they are documented: by docs/errors.md for all mutations of a kind, and by the mutation's own description."""

import re
from typing import Any

from graphql import GraphQLSchema, get_named_type

from billing.refusals import ErrorCode
from gateway.cli.reference.error_codes import REFUSALS

CODE = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*\b")
SECTIONS = {"subscriptionId": ("Subscriptions", "Payments"), "priceId": ("Subscriptions", "Payments"), "customerId": ("Payments",)} | dict.fromkeys(
    ("invoiceId", "installmentId", "paymentId", "paymentMethodId", "paymentScheduleId", "currency"), ("Payments",)
)


def documented_codes(schema: GraphQLSchema, mutation: str) -> set[str]:
    """Return the codes of any mutation, those of the subjects that the input names, and those of the description."""
    assert schema.mutation_type is not None
    declared = schema.mutation_type.fields[mutation]
    names = _sections(get_named_type(declared.args["input"].type))
    codes = {str(code) for name in names for code in REFUSALS[name]}
    return codes | {word for word in CODE.findall(declared.description or "") if word in set(ErrorCode)}


def _sections(input_type: Any) -> set[str]:
    return {"Any mutation"} | {section for name in input_type.fields for section in SECTIONS.get(name, ())}
