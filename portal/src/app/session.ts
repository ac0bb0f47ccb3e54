import { useSyncExternalStore } from 'react';
import { forgetPresses } from '../api/presses.ts';
import { readSession, type Session, subscribeSession, writeSession } from '../api/session.ts';

// Whether the customer of this tab signed out, in contrast to a session that ended by itself.
let isSignedOut = false;

export function useSession(): Session | null {
  return useSyncExternalStore(subscribeSession, readSession);
}

export function enter(session: Session): void {
  isSignedOut = false;
  writeSession(session);
}

export function leave(): void {
  isSignedOut = true;
  forgetPresses();
  writeSession(null);
}

export function hasSignedOut(): boolean {
  return isSignedOut;
}

// The customer whom an access token names.
export function subjectOf(session: Session): string {
  const payload = session.accessToken.split('.')[1] ?? '';
  return (JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { sub: string }).sub;
}
