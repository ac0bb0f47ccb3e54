import { useEffect, useRef, useState } from 'react';

// One slash and then none, of either kind: `//host` and `/\host` lead to another host.
const PATH = /^\/(?![/\\])[^\\]*$/;

// A path of this portal, or the Summary for anything that leads elsewhere.
export function pathWithin(path: string | null | undefined): string {
  if (!path || !PATH.test(path) || !URL.canParse(path, location.origin)) return '/';
  const url = new URL(path, location.origin);
  const isWithin = url.origin === location.origin && PATH.test(url.pathname);
  return isWithin ? url.pathname + url.search : '/';
}

// The secret after the `#` of a link in a letter. It is taken out of the address, and so out of the history.
export function useToken(): string | null {
  // React may begin a render again, so the address changes after it.
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token'));
  useEffect(() => {
    if (token) history.replaceState(null, '', location.pathname + location.search);
  }, [token]);
  return token;
}

// Follow a link once, when its page comes into view: a link works once, and a second request would be refused.
export function useFollowed(follow: () => Promise<void>): void {
  const isFollowed = useRef(false);
  useEffect(() => {
    if (isFollowed.current) return;
    isFollowed.current = true;
    void follow();
  }, [follow]);
}
