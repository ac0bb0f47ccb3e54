// The position in the database's log that this browser has seen, sent back with each request, so that a replica that has not come so
// far does not answer. All tabs share it. It matters only for as long as a replica may be behind.
const POSITION = 'portico:position';
const HEADER = 'Portico-Position';
const SENT_MILLISECONDS = 60_000;

interface Position {
  text: string;
  seenAt: number;
}

// The request with the position, where there is one.
export function withPosition(init: RequestInit | undefined): RequestInit | undefined {
  const position = readPosition();
  if (!position) return init;
  const headers = new Headers(init?.headers);
  headers.set(HEADER, position.text);
  return { ...init, headers };
}

export function notePositionOf(response: Response): Response {
  notePosition(response.headers.get(HEADER));
  return response;
}

// Keep the newest position: answers may arrive in another order.
export function notePosition(text: unknown): void {
  if (typeof text !== 'string' || !isPosition(text)) return;
  const before = readPosition();
  const newest = before && valueOf(before.text) > valueOf(text) ? before.text : text;
  localStorage.setItem(POSITION, JSON.stringify({ text: newest, seenAt: Date.now() }));
}

function readPosition(): Position | null {
  const stored = localStorage.getItem(POSITION);
  const position = stored ? (JSON.parse(stored) as Position) : null;
  return position && Math.abs(Date.now() - position.seenAt) < SENT_MILLISECONDS ? position : null;
}

function isPosition(text: string): boolean {
  return /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(text);
}

// Two hexadecimal numbers of 32 bits: 16/B374D848.
function valueOf(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
