// The idempotency key of a press of the button, stored until its outcome is known: a second click, a lost answer and a
// reload of the page send the same key again, and the payment is made once.
const placeOf = (customerId, currency) => `pay-all-due:${customerId}:${currency}`;
// After these the call has to be sent again with the same key.
const UNDECIDED = new Set(['IN_PROGRESS', 'PAYMENT_UNAVAILABLE']);

// Whether the outcome of a press is still unknown: then the button stays, although nothing may be due any more.
export function isOpen(customerId, currency) {
  return sessionStorage.getItem(placeOf(customerId, currency)) !== null;
}

export function keyOf(customerId, currency) {
  const place = placeOf(customerId, currency);
  const key = sessionStorage.getItem(place) ?? crypto.randomUUID();
  sessionStorage.setItem(place, key);
  return key;
}

// Return what the customer reads, and forget the key if the outcome is known. A lost answer never gets here.
export function settle(customerId, currency, { payment, userErrors }) {
  if (!userErrors.some(({ code }) => UNDECIDED.has(code))) sessionStorage.removeItem(placeOf(customerId, currency));
  if (userErrors.length > 0) return userErrors.map(({ code, message }) => `${code}: ${message}`).join(' ');
  return payment ? `${payment.amount.formatted}: ${payment.status}` : 'Paid from your credit.';
}
