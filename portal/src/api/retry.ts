// A fetch that waits and repeats as the gateway asks for with 503 and Retry-After. The key of the call makes the repetition safe.
import { notePositionOf, withPosition } from './position.ts';

const MAX_TRIES = 3;
const MAX_SECONDS = 10;

export async function patientFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const response = notePositionOf(await fetch(input, withPosition(init)));
    const seconds = retryAfter(response);
    if (response.status !== 503 || seconds === null || attempt === MAX_TRIES) return response;
    await pause(Math.min(seconds, MAX_SECONDS), init?.signal);
  }
}

// The seconds of the header Retry-After, or null without a number in it.
function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : null;
}

function pause(seconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
