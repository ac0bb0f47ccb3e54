import { useEffect } from 'react';
import { useClient } from 'urql';

// Follow the events of a customer while the page is open; null for nobody. The code for it is loaded after the page.
export function useFollow(subject: string | null): void {
  const client = useClient();
  useEffect(() => {
    if (!subject) return;
    const stop = new AbortController();
    // A script that cannot be loaded leaves a page that is loaded again when the customer comes back to it.
    void import('./follow.ts').then(({ follow }) => follow(client, subject, stop.signal)).catch(() => undefined);
    return () => stop.abort();
  }, [client, subject]);
}
