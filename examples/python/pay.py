"""Sign in, print the Summary and pay what is due. Usage: EMAIL=… PASSWORD=… python examples/python/pay.py [URL]

The idempotency key of a payment is in a file until the outcome is known: a second run after a lost answer sends the
same key, and the payment is made once.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

MAX_TRIES = 4
BUSY = (429, 503)
# After these the call has to be sent again with the same key.
UNDECIDED = {"IN_PROGRESS", "PAYMENT_UNAVAILABLE"}

SIGN_IN = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } userErrors { code message } } }"
PAGE = """
fragment Page on Customer {
  name
  summary { totalDue { minorUnits currency formatted } nextPayment { date amount { formatted } } }
}"""
SUMMARY = "query Summary { customer { ...Page } }" + PAGE
PAY_ALL_DUE = (
    """
mutation PayAllDue($input: PayAllDueInput!) {
  payAllDue(input: $input) {
    replayed
    payment { status declineCode amount { formatted } }
    customer { ...Page }
    userErrors { code message }
  }
}"""
    + PAGE
)


def post(client: httpx.Client, document: str, **input_fields: Any) -> Any:
    """Return the data of an answer. A lost or busy call is sent again as it was, with its idempotency key."""
    body = {"query": document, "variables": {"input": input_fields}}
    for attempt in range(1, MAX_TRIES + 1):
        try:
            response = client.post("/graphql", json=body)
        except httpx.TransportError as error:
            if attempt == MAX_TRIES:
                sys.exit(f"{client.base_url} cannot be reached: {error}")
            time.sleep(attempt)
            continue
        if response.status_code not in BUSY or attempt == MAX_TRIES:
            break
        time.sleep(float(response.headers.get("Retry-After", attempt)))
    if "json" not in response.headers.get("Content-Type", ""):
        sys.exit(f"{response.url} answered {response.status_code} without JSON: is there a gateway at {client.base_url}?")
    answer = response.json()
    if errors := answer.get("errors"):
        sys.exit(f"{errors[0]['extensions']['code']}: {errors[0]['message']}")
    return answer["data"]


def sign_in(client: httpx.Client, email: str, password: str) -> None:
    payload = post(client, SIGN_IN, email=email, password=password)["signIn"]
    if payload["tokens"] is None:
        sys.exit(payload["userErrors"][0]["message"])
    client.headers["Authorization"] = f"Bearer {payload['tokens']['accessToken']}"


def pay(client: httpx.Client, currency: str, key_file: Path) -> None:
    if not key_file.exists():
        key_file.write_text(str(uuid4()))
    payload = post(client, PAY_ALL_DUE, currency=currency, idempotencyKey=key_file.read_text())["payAllDue"]
    for error in payload["userErrors"]:
        print(f"{error['code']}: {error['message']}")
    if payment := payload["payment"]:
        print(f"{payment['amount']['formatted']}: {payment['status']}")
    print_due(payload["customer"])
    if UNDECIDED.isdisjoint(error["code"] for error in payload["userErrors"]):
        key_file.unlink()


def print_due(customer: Any) -> None:
    for amount in customer["summary"]["totalDue"]:
        print(f"Due: {amount['formatted']}")


def main() -> None:
    email, password = os.environ.get("EMAIL"), os.environ.get("PASSWORD")
    if not email or not password:
        sys.exit("Set EMAIL to the address of a customer, such as ada@example.com, and PASSWORD, as make demo prints it.")
    with httpx.Client(base_url=sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000", timeout=30) as client:
        sign_in(client, email, password)
        customer = post(client, SUMMARY)["customer"]
        print(customer["name"])
        print_due(customer)
        for amount in customer["summary"]["totalDue"]:
            key_file = Path(f"pay-all-due.{email}.{amount['currency']}.key")
            # Nothing may be due any more because of a call whose answer was lost: its key is still there.
            if amount["minorUnits"] != "0" or key_file.exists():
                pay(client, amount["currency"], key_file)


if __name__ == "__main__":
    main()
