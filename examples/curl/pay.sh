#!/usr/bin/env bash
# Sign in, print the Summary and pay what is due. Usage: EMAIL=… PASSWORD=… examples/curl/pay.sh [URL]
#
# The idempotency key of a payment is in a file until the outcome is known: a second run after a lost answer sends the
# same key, and the payment is made once.
set -euo pipefail
: "${EMAIL:?Set EMAIL to the address of a customer, such as ada@example.com.}" "${PASSWORD:?Set PASSWORD, as make demo prints it.}"
url=${1:-http://127.0.0.1:8000}

# Send a document ($1) with an input ($2). curl waits as Retry-After says, and sends the same body again after 429 and 503.
post() {
  jq -n --arg query "$1" --argjson input "$2" '{query: $query, variables: {input: $input}}' |
    curl -sSf --retry 3 --retry-connrefused "$url/graphql" -H 'Content-Type: application/json' \
      ${token:+-H "Authorization: Bearer $token"} --data-binary @-
}

sign_in='mutation SignIn($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } userErrors { code message } } }'
page='fragment Page on Customer { name summary { totalDue { minorUnits currency formatted } nextPayment { date amount { formatted } } } }'
summary="query Summary { customer { ...Page } } $page"
pay="mutation PayAllDue(\$input: PayAllDueInput!) { payAllDue(input: \$input) {
  replayed payment { status declineCode amount { formatted } } customer { ...Page } userErrors { code message } } } $page"

token=
answer=$(post "$sign_in" "$(jq -n '{email: env.EMAIL, password: env.PASSWORD}')")
token=$(jq -re '.data.signIn.tokens.accessToken' <<<"$answer") || { jq -r '.data.signIn.userErrors[].message' <<<"$answer" >&2; exit 1; }

due=$(post "$summary" null)
jq -r '.data.customer | .name, (.summary.totalDue[] | "Due: \(.formatted)")' <<<"$due"

for currency in $(jq -r '.data.customer.summary.totalDue[].currency' <<<"$due"); do
  file="pay-all-due.$EMAIL.$currency.key"
  # Nothing may be due any more because of a call whose answer was lost: its key is still there.
  [ -s "$file" ] || jq -e --arg currency "$currency" '.data.customer.summary.totalDue[] | select(.currency == $currency).minorUnits != "0"' <<<"$due" >/dev/null || continue
  [ -s "$file" ] || cat /proc/sys/kernel/random/uuid >"$file"
  answer=$(post "$pay" "$(jq -n --arg currency "$currency" --arg key "$(cat "$file")" '{currency: $currency, idempotencyKey: $key}')")
  jq -r '.data.payAllDue | (.userErrors[] | "\(.code): \(.message)"), (.payment // empty | "\(.amount.formatted): \(.status)"),
    (.customer.summary.totalDue[] | "Due: \(.formatted)")' <<<"$answer"
  # After these two codes the same call has to be sent again.
  jq -e '[.data.payAllDue.userErrors[].code] | any(. == "IN_PROGRESS" or . == "PAYMENT_UNAVAILABLE")' <<<"$answer" >/dev/null || rm "$file"
done
