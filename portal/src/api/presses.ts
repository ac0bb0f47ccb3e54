// The input of a press of a button, with its idempotency key, stored until its outcome is known. A second press with the
// same choices, after a lost answer or a reload of the page, sends the very same input again, so that the gateway answers
// with the outcome of the first and nothing is done twice. A press belongs to the customer who made it.
import { readSession, subjectOf } from './session.ts';

const PREFIX = 'portico:press:';
const IGNORED = new Set(['idempotencyKey', 'previewToken', 'expectedVersion']);

export interface Keyed {
  idempotencyKey: string;
}

export interface Press<Input> {
  input: Input & Keyed;
  // Forget the press: its outcome is known, and the next press is a new one.
  settle: () => void;
}

// Return the stored press of this action with the same choices, or a new one.
export function pressOf<Input extends object>(action: string, input: Input): Press<Input> {
  const session = readSession();
  const place = placesOf(session && subjectOf(session)) + action + JSON.stringify(choicesOf(input));
  const text = sessionStorage.getItem(place) ?? JSON.stringify({ ...input, idempotencyKey: crypto.randomUUID() });
  sessionStorage.setItem(place, text);
  return { input: JSON.parse(text) as Input & Keyed, settle: () => sessionStorage.removeItem(place) };
}

// Forget the presses of all customers, or of all but one.
export function forgetPresses(except?: string): void {
  Object.keys(sessionStorage)
    .filter((place) => place.startsWith(PREFIX) && !(except && place.startsWith(placesOf(except))))
    .forEach((place) => sessionStorage.removeItem(place));
}

function placesOf(subject: string | null): string {
  return `${PREFIX}${subject ?? ''}:`;
}

// What the customer chose: the input without what differs from one press to the next.
function choicesOf(input: object): [string, unknown][] {
  return Object.entries(input)
    .filter(([name, value]) => !IGNORED.has(name) && value !== undefined)
    .sort(([left], [right]) => left.localeCompare(right));
}
