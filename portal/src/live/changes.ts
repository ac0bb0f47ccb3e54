// Changes of the customer that the stream of events reports, for the pages of this tab and of the other tabs of this browser.
export interface Change {
  // The cursor to go on with; null where the stream has to begin anew.
  cursor: string | null;
  // Whether something has happened since the message before.
  hasEvents: boolean;
  // When the customer's last event happened, by the clock of this browser; null where it needs no load.
  lastEventAt: number | null;
}

const listeners = new Set<(change: Change) => void>();
// How far the customer's events have been received, by this tab or another one.
const cursors = new Map<string, string | null>();

export function subscribeChanges(listener: (change: Change) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function cursorOf(subject: string): string | null {
  return cursors.get(subject) ?? null;
}

// The tabs of this browser that show pages of the customer. `publish` passes a change on to all of them, this tab included.
export function joinTabs(subject: string): { publish: (change: Change) => void; leave: () => void } {
  const channel = new BroadcastChannel(`portico:live:${subject}`);
  const receive = (change: Change) => {
    cursors.set(subject, change.cursor);
    listeners.forEach((listener) => listener(change));
  };
  channel.onmessage = ({ data }: MessageEvent<Change>) => receive(data);
  const publish = (change: Change) => {
    channel.postMessage(change);
    receive(change);
  };
  return { publish, leave: () => channel.close() };
}
