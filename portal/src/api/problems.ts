// Why something was not done, in one form for refusals of rules, errors of requests and lost connections.
import type { CombinedError } from 'urql';
import type { Refusal } from './hooks.ts';
import { readSession } from './session.ts';

export interface Problem {
  // A code of the API, or of this portal: OFFLINE, UNAVAILABLE, UNEXPECTED.
  code: string;
  message: string;
  // The last name in the path of the input, such as `newPassword`.
  field: string | null;
  // The seconds after which the gateway wants to be asked again.
  retryAfterSeconds: number | null;
  // Whether it may have been done although no answer arrived.
  isUnknown: boolean;
  // The id by which the operator finds the request in the log.
  reference: string | null;
  refusals: Refusal[];
}

const NONE = { field: null, retryAfterSeconds: null, isUnknown: false, reference: null, refusals: [] };

// Another server than the gateway could not be reached: nothing was sent.
export const OFFLINE: Problem = { ...NONE, code: 'OFFLINE', message: '' };

// The problem of refusals, of which the first is the one to read out. Null for none.
export function refusalsOf(refusals: Refusal[]): Problem | null {
  const [first] = refusals;
  return first ? { ...NONE, code: first.code, message: first.message, field: first.path?.at(-1) ?? null, refusals } : null;
}

export function problemOf(error: CombinedError): Problem {
  const [first] = error.graphQLErrors;
  if (!first) return withoutAnswer(error);
  const { code, retryAfterSeconds } = first.extensions as { code?: string; retryAfterSeconds?: number };
  const response = error.response as Response | undefined;
  const seconds = retryAfterSeconds ?? Number(response?.headers?.get('Retry-After') ?? Number.NaN);
  return {
    ...NONE,
    code: isBusy(code) ? 'UNAVAILABLE' : (code ?? 'UNEXPECTED'),
    message: first.message,
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : null,
    reference: response?.headers?.get('X-Request-Id') ?? null,
  };
}

// A session that stands although its token was refused could not be renewed just now.
function isBusy(code: string | undefined): boolean {
  return code === 'SERVICE_UNAVAILABLE' || (code === 'UNAUTHENTICATED' && readSession() !== null);
}

function withoutAnswer(error: CombinedError): Problem {
  const response = error.response as Response | undefined;
  const code = response?.status === 503 ? 'UNAVAILABLE' : response ? 'UNEXPECTED' : 'OFFLINE';
  return { ...NONE, code, message: error.message, isUnknown: !response, reference: response?.headers?.get('X-Request-Id') ?? null };
}
