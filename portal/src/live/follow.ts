// One stream of events for all tabs of this browser. The tab that has the lock reads it, and passes changes on to the others; a
// tab that is hidden gives the lock up, because browsers suspend hidden tabs.
import type { Client } from 'urql';
import { readSession, subjectOf } from '../api/session.ts';
import { cursorOf, joinTabs, type Change } from './changes.ts';
import { openStream, type StreamEnd } from './stream.ts';

// The pause before the stream is opened again doubles with each failure.
const FIRST_MILLISECONDS = 1000;
const LONGEST_MILLISECONDS = 30_000;
// A stream that was open for this long is no failure.
const STABLE_MILLISECONDS = 10_000;

export async function follow(client: Client, subject: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const tabs = joinTabs(subject);
  signal.addEventListener('abort', tabs.leave);
  while (!signal.aborted) {
    await untilVisible(signal);
    const visible = whileVisible(signal);
    await inTurn(`portico:live:${subject}`, visible, () => readOn(client, subject, { publish: tabs.publish, signal: visible }));
  }
}

// Read streams, one after the other, until the tab is hidden or the session ends.
async function readOn(client: Client, subject: string, { publish, signal }: { publish: (change: Change) => void; signal: AbortSignal }): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    // Somebody has just signed out, and this tab is about to learn of it.
    if (!isSignedIn(subject)) return untilAborted(signal);
    const openedAt = Date.now();
    const end = await openStream(client, { after: cursorOf(subject), publish, signal });
    if (signal.aborted) return;
    // Events were missed. Read the page, and then everything from now on.
    if (end === 'RESYNC_REQUIRED') publish({ cursor: null, hasEvents: true, lastEventAt: null });
    failures = isNoFailure(end) || Date.now() - openedAt > STABLE_MILLISECONDS ? 0 : failures + 1;
    if (end !== 'ONLINE') await pause(backOff(failures), signal);
  }
}

// Half of it is random, so that browsers that lost their server at the same time do not come back at the same time.
function backOff(failures: number): number {
  return Math.min(FIRST_MILLISECONDS * 2 ** failures, LONGEST_MILLISECONDS) * (0.5 + Math.random() / 2);
}

function isSignedIn(subject: string): boolean {
  const session = readSession();
  return session !== null && subjectOf(session) === subject;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

function isNoFailure(end: StreamEnd): boolean {
  return end === 'STREAM_EXPIRED' || end === 'SERVER_CLOSING';
}

// Without locks (they need https, or http on this machine) each tab has a stream of its own.
async function inTurn(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (signal.aborted) return;
  if (!navigator.locks) return work();
  await navigator.locks.request(name, { signal }, work).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function untilVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const isOver = () => signal.aborted || document.visibilityState === 'visible';
    if (isOver()) return resolve();
    const listening = new AbortController();
    const consider = () => {
      if (!isOver()) return;
      listening.abort();
      resolve();
    };
    document.addEventListener('visibilitychange', consider, { signal: listening.signal });
    signal.addEventListener('abort', consider, { signal: listening.signal });
  });
}

// A signal that is aborted when the tab is hidden, or with `signal`.
function whileVisible(signal: AbortSignal): AbortSignal {
  const hidden = new AbortController();
  const visible = AbortSignal.any([signal, hidden.signal]);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && hidden.abort(), { signal: visible });
  return visible;
}

// Wait, but not when the line is back, the customer comes back to the window, or there is nothing to wait for.
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const go = () => {
      listening.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(go, milliseconds);
    window.addEventListener('online', go, { signal: listening.signal });
    window.addEventListener('focus', go, { signal: listening.signal });
    signal.addEventListener('abort', go, { signal: listening.signal });
  });
}
