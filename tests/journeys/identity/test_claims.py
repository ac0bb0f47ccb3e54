"""Texts of a token that Postgres cannot store: the token is not accepted, whatever it asks and whoever it names."""

from typing import Any

import asyncpg
import httpx
import jwt
import pytest

from auth.jwt.tokens import TOKEN_TYPE
from auth.viewer import Viewer
from tests.conftest import ADA, ISSUER, STAFF, token

TEXTS = ["\0", "a\0b", "\ud800"]
CLAIMS = ["sub", "client_id", "azp", "sid", "jti", "scope"]
WRITE = 'mutation { updateProfile(input: {%s name: "Ada Byron"}) { userErrors { code } } }'


def changed(viewer: Viewer, **claims: Any) -> str:
    """Return a token of this gateway for the viewer with other claims."""
    key = ISSUER.keys[0]
    payload = jwt.decode(token(viewer), options={"verify_signature": False}) | claims
    return jwt.encode(payload, key.signing, algorithm=key.algorithm, headers={"typ": TOKEN_TYPE})


@pytest.mark.parametrize("viewer", [ADA, STAFF], ids=["customer", "staff"])
@pytest.mark.parametrize("claim", [*CLAIMS, "act"])
async def test_a_claim_that_cannot_be_stored_is_an_invalid_token(http: httpx.AsyncClient, admin: asyncpg.Connection, viewer: Viewer, claim: str) -> None:
    about = "" if viewer is ADA else f'customerId: "cus_{"0" * 26}",'
    counts = "select (select count(*) from audit_event), (select name from customer where id = $1)"
    before = await admin.fetchrow(counts, ADA.customer_id)
    for text in TEXTS:
        scope = f"portal staff {text}"
        value = {"act": {"sub": text}, "scope": scope}.get(claim, text)
        headers = {"Authorization": f"Bearer {changed(viewer, **{claim: value})}"}
        for query in (WRITE % about, "{ viewer { kind } }", "{ customer { name } }"):
            answer = await http.post("/graphql", json={"query": query}, headers=headers)
            assert answer.status_code == 401, (query, answer.text)
            (error,) = answer.json()["errors"]
            assert error["extensions"] == {"code": "UNAUTHENTICATED", "reason": "claim_invalid", "claim": claim}
    assert await admin.fetchrow(counts, ADA.customer_id) == before


@pytest.mark.parametrize("viewer", [ADA, STAFF], ids=["customer", "staff"])
async def test_the_same_token_with_other_texts_is_accepted(http: httpx.AsyncClient, viewer: Viewer) -> None:
    for claims in ({"client_id": "a b\n\u2028é\U0001f600'"}, {"azp": "x"}, {"jti": "x"}, {"name": "not read \0"}):
        answer = await http.post("/graphql", json={"query": "{ viewer { kind } }"}, headers={"Authorization": f"Bearer {changed(viewer, **claims)}"})
        assert answer.json() == {"data": {"viewer": {"kind": viewer.kind.value}}}
        refused = await http.post(
            "/graphql",
            json={"query": 'mutation { pauseSubscription(input: {subscriptionId: "sub_x", idempotencyKey: "x"}) { userErrors { code } } }'},
            headers={"Authorization": f"Bearer {changed(viewer, **claims)}"},
        )
        assert refused.json() == {"data": {"pauseSubscription": {"userErrors": [{"code": "NOT_FOUND"}]}}}
