// One stream of events, from its opening to its end.
import type { Client, CombinedError } from 'urql';
import { FollowDocument, type FollowSubscription } from '../api/__generated__/graphql.ts';
import { notePosition } from '../api/position.ts';
import { readSession } from '../api/session.ts';
import { trusted } from '../api/trusted.ts';
import type { Change } from './changes.ts';
import { fetchUntilSilent } from './silence.ts';

// Why a stream ended: a code of the API, or null where the line was lost. ONLINE: the browser has another line, so the stream is opened anew.
export type StreamEnd = string | null;

interface StreamOptions {
  after: string | null;
  publish: (change: Change) => void;
  signal: AbortSignal;
}

export function openStream(client: Client, { after, publish, signal }: StreamOptions): Promise<StreamEnd> {
  return new Promise((resolve) => {
    const clock = { behind: 0 };
    const over = new AbortController();
    const end = (reason: StreamEnd) => {
      over.abort();
      subscription.unsubscribe();
      resolve(reason);
    };
    const context = { fetchSubscriptions: true, fetch: fetchWithClock(clock) };
    const subscription = client.subscription(trusted(FollowDocument), { after }, context).subscribe(({ data, error, extensions, hasNext }) => {
      notePosition(extensions?.['position']);
      // The end of a stream comes as an error; urql repeats the last message after an end without one.
      if (error || !hasNext) queueMicrotask(() => end(error ? codeOf(error) : null));
      else if (data) publish(changeOf(data, clock.behind));
    });
    signal.addEventListener('abort', () => end(null), { signal: over.signal });
    window.addEventListener('online', () => end('ONLINE'), { signal: over.signal });
  });
}

function codeOf(error: CombinedError): StreamEnd {
  return (error.graphQLErrors[0]?.extensions['code'] as string | undefined) ?? null;
}

function changeOf({ events: { cursor, events, customer } }: FollowSubscription, behind: number): Change {
  const last = customer.events?.nodes[0];
  // The beginning of the session that reads it is no news.
  const isOwn = last?.objectId === readSession()?.sessionId;
  return { cursor, hasEvents: events.length > 0, lastEventAt: last && !isOwn ? Date.parse(last.occurredAt) - behind : null };
}

// Store by how many milliseconds this browser's clock is behind the gateway's.
function fetchWithClock(clock: { behind: number }): typeof fetch {
  return async (input, init) => {
    const response = await fetchUntilSilent(input, init);
    const behind = Date.parse(response.headers.get('Date') ?? '') - Date.now();
    clock.behind = Number.isFinite(behind) ? behind : 0;
    return response;
  };
}
