// A path of this portal, or the Summary for anything that leads elsewhere.
export function pathWithin(path: string | null | undefined): string {
  if (!path) return '/';
  const url = new URL(path, location.origin);
  const isWithin = path.startsWith('/') && url.origin === location.origin;
  return isWithin ? url.pathname + url.search : '/';
}

// The secret after the `#` of a link in a letter. It is taken out of the address, and so out of the history.
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) history.replaceState(null, '', location.pathname + location.search);
  return token;
}
