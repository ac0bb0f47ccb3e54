"""Staff who may change a customer's money, and not read customers, read no customer in a payload."""

from dataclasses import replace

import pytest

from tests.conftest import STAFF
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import line, usd

CREATE = "mutation ($i: CreateInvoiceInput!) { createInvoice(input: $i) { userErrors { code } customer { email } invoice { id %s } } }"
ADJUST = "mutation ($i: AdjustBalanceInput!) { adjustBalance(input: $i) { userErrors { code } customer { email } } }"


async def test_a_payload_has_no_customer_without_the_scope_to_read(life: Life) -> None:
    adjusted = {"customerId": life.customer_id, "amount": usd("1.00"), "reason": "A gift"}
    created = {"customerId": life.customer_id, "lines": [line()]}
    for scopes, is_reader in ((("balance:write", "invoices:write"), False), (("balance:write", "invoices:write", "read"), True)):
        viewer = replace(STAFF, scopes=scopes)
        payload = (await life.ask(ADJUST, viewer, i=adjusted | {"idempotencyKey": f"adjust {life.customer_id} {scopes}"}))["adjustBalance"]
        assert (payload["userErrors"], payload["customer"] is not None) == ([], is_reader)
        key = {"idempotencyKey": f"create {life.customer_id} {scopes}"}
        payload = (await life.ask(CREATE % "", viewer, i=created | key))["createInvoice"]
        assert (payload["invoice"] is not None, payload["customer"] is not None) == (True, is_reader)


async def test_an_object_of_a_payload_leads_to_no_customer_without_the_scope_to_read(life: Life) -> None:
    created = {"customerId": life.customer_id, "lines": [line()], "idempotencyKey": f"lead {life.customer_id}"}
    text = CREATE % "customer { email }"
    with pytest.raises(AssertionError, match="needs the scope `read`"):
        await life.ask(text, replace(STAFF, scopes=("invoices:write",)), i=created)
    # The invoice was issued, and a caller who may read has it.
    payload = (await life.ask(text, replace(STAFF, scopes=("invoices:write", "read")), i=created))["createInvoice"]
    assert payload["invoice"]["customer"]["email"]
