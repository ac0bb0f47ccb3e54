// When a page is asked for again: after an event, when the customer comes back to it after a while, and never while it is held.
import { useEffect, useState } from 'react';
import type { OperationContext } from 'urql';
import { patientFetch } from '../api/retry.ts';
import { type Change, subscribeChanges } from './changes.ts';
import { isHeld, subscribeRelease } from './holds.ts';

// Many events in a row are one load in this time.
const LOAD_MILLISECONDS = 1000;
// From when on a page may be out of date although no event was received.
const STALE_MILLISECONDS = 60_000;
// An event may be committed, and so become visible, this long after the time that it has; clocks differ by less.
const COMMIT_MILLISECONDS = 2000;

export interface Freshness {
  // The context of the page's query, which notices when a load begins, whoever asks for it.
  context: Partial<OperationContext>;
  isLoading: boolean;
  // When the last load began.
  loadedAt: number;
  // Whether something has happened since then.
  isOutdated: boolean;
  timer?: ReturnType<typeof setTimeout>;
}

export function usePageFreshness(context: Partial<OperationContext>): Freshness {
  const [page] = useState(() => freshnessOf(context));
  return page;
}

function freshnessOf(context: Partial<OperationContext>): Freshness {
  const load: typeof fetch = (input, init) => {
    begin(page);
    return patientFetch(input, init);
  };
  const page: Freshness = { context: { ...context, fetch: load }, isLoading: true, loadedAt: Date.now(), isOutdated: false };
  return page;
}

// Call `reload` when the data of the page is out of date and the page is visible. A hidden one waits until it is visible.
export function useReloads(page: Freshness, reload: () => void, isLoading: boolean): void {
  useEffect(() => {
    page.isLoading = isLoading;
    loadIfOutdated(page, reload);
  }, [page, isLoading, reload]);
  useEffect(() => watch(page, reload), [page, reload]);
}

function watch(page: Freshness, reload: () => void): () => void {
  const consider = () => loadIfOutdated(page, reload);
  const comeBack = () => {
    page.isOutdated ||= Date.now() - page.loadedAt > STALE_MILLISECONDS;
    consider();
  };
  const unsubscribers = [
    subscribeRelease(consider),
    subscribeChanges((change) => {
      page.isOutdated ||= concerns(page, change);
      consider();
    }),
  ];
  document.addEventListener('visibilitychange', comeBack);
  window.addEventListener('focus', comeBack);
  return () => {
    clearTimeout(page.timer);
    unsubscribers.forEach((unsubscribe) => unsubscribe());
    document.removeEventListener('visibilitychange', comeBack);
    window.removeEventListener('focus', comeBack);
  };
}

// Whether the change may have been made after the page was read.
function concerns({ loadedAt }: Freshness, { hasEvents, lastEventAt }: Change): boolean {
  return hasEvents || (lastEventAt !== null && lastEventAt > loadedAt - COMMIT_MILLISECONDS);
}

function begin(page: Freshness): void {
  page.loadedAt = Date.now();
  page.isOutdated = false;
  clearTimeout(page.timer);
}

function loadIfOutdated(page: Freshness, reload: () => void): void {
  clearTimeout(page.timer);
  if (!page.isOutdated || page.isLoading || isHeld() || document.visibilityState === 'hidden') return;
  const milliseconds = page.loadedAt + LOAD_MILLISECONDS - Date.now();
  if (milliseconds > 0) {
    page.timer = setTimeout(() => loadIfOutdated(page, reload), milliseconds);
    return;
  }
  begin(page);
  reload();
}
