// The signed-in session: the token pair, shared by all tabs of this browser.
import type { SignInMutation } from './__generated__/graphql.ts';

export type Session = NonNullable<NonNullable<SignInMutation['signIn']>['tokens']>;

const SESSION = 'portico:session';
const DEVICES = 'portico:devices';
const listeners = new Set<() => void>();
// The parsed session, so that React gets the same object as long as the text is the same.
let cached: { text: string | null; session: Session | null } = { text: null, session: null };

export function readSession(): Session | null {
  const text = localStorage.getItem(SESSION);
  if (text !== cached.text) cached = { text, session: text ? (JSON.parse(text) as Session) : null };
  return cached.session;
}

export function writeSession(session: Session | null): void {
  if (session) localStorage.setItem(SESSION, JSON.stringify(session));
  else localStorage.removeItem(SESSION);
  listeners.forEach((listener) => listener());
}

export function subscribeSession(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

// The customer whom an access token names.
export function subjectOf(session: Session): string {
  const payload = session.accessToken.split('.')[1] ?? '';
  return (JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { sub: string }).sub;
}

// Whether the access token expires within `seconds`.
export function expiresWithin(session: Session, seconds: number): boolean {
  return Date.parse(session.accessExpiresAt) - Date.now() < seconds * 1000;
}

// The value by which the gateway recognises this browser at the next sign-in of an account; see docs/identity.md.
export function deviceOf(email: string): string | undefined {
  return readDevices()[email.trim().toLowerCase()];
}

export function rememberDevice(email: string, device: string | null | undefined): void {
  if (device) localStorage.setItem(DEVICES, JSON.stringify({ ...readDevices(), [email.trim().toLowerCase()]: device }));
}

function readDevices(): Record<string, string> {
  return JSON.parse(localStorage.getItem(DEVICES) ?? '{}') as Record<string, string>;
}
