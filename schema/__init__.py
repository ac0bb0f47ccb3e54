"""The GraphQL schema. `build()` makes it, `print_sdl()` prints it."""

import strawberry
from graphql import GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig

from schema.declarations.scalars import SCALARS
from schema.fast_resolvers import install_fast_resolvers
from schema.mutations import Mutation
from schema.query import Query
from schema.types import attachments, coupons, credit_notes, customers, invoices, payment_methods, payments, plans, refunds, schedules, subscriptions

NODES = [
    customers.Customer,
    plans.Plan,
    plans.Price,
    coupons.Coupon,
    subscriptions.Subscription,
    schedules.PaymentSchedule,
    schedules.Installment,
    invoices.Invoice,
    invoices.InvoiceLine,
    credit_notes.CreditNote,
    payments.Payment,
    refunds.Refund,
    payment_methods.PaymentMethod,
    attachments.Attachment,
]


def build() -> GraphQLSchema:
    """Return the executable schema."""
    schema = strawberry.Schema(query=Query, mutation=Mutation, types=NODES, config=StrawberryConfig(scalar_map=SCALARS))._schema
    install_fast_resolvers(schema)
    return schema


def print_sdl(schema: GraphQLSchema) -> str:
    """Return the schema as SDL. Its root types are always listed: the billing type `Subscription` would otherwise be read as the root of live operations."""
    text = print_schema(schema)
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    lines = "\n".join(f"  {name}: {root.name}" for name, root in roots.items() if root)
    return f"{text}\n" if "\nschema {" in f"\n{text}" else f"schema {{\n{lines}\n}}\n\n{text}\n"
