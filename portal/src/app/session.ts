import { useSyncExternalStore } from 'react';
import { forgetPresses } from '../api/presses.ts';
import { readSession, type Session, subjectOf, subscribeSession, writeSession } from '../api/session.ts';

// Whether the customer of this tab signed out, in contrast to a session that ended by itself.
let isSignedOut = false;

export function useSession(): Session | null {
  return useSyncExternalStore(subscribeSession, readSession);
}

// Begin a session. Return whether it took the place of another customer's.
export function enter(session: Session): boolean {
  const previous = readSession();
  isSignedOut = false;
  writeSession(session);
  return previous !== null && subjectOf(previous) !== subjectOf(session);
}

export function leave(): void {
  isSignedOut = true;
  forgetPresses();
  writeSession(null);
}

export function hasSignedOut(): boolean {
  return isSignedOut;
}
