// The urql client: trusted documents, the bearer token and its refresh, one cache of documents.
import { authExchange, type AuthConfig, type AuthUtilities } from '@urql/exchange-auth';
import { cacheExchange, Client, CombinedError, fetchExchange, makeOperation, type Operation } from 'urql';
import { RefreshSessionDocument, type RefreshSessionMutation } from './__generated__/graphql.ts';
import { patientFetch } from './retry.ts';
import { expiresWithin, readSession, writeSession, type Session } from './session.ts';
import { trusted } from './trusted.ts';

const EARLY_SECONDS = 30;
const LOCK = 'portico:refresh';

// For documents that need no token: none is renewed for them, except one with which the gateway refused them.
export const PUBLIC = { isPublic: true };
// The refresh goes without the access token, which may be the reason for it.
const REFRESH = { ...PUBLIC, isRefresh: true };

export function createClient(endpoint: string): Client {
  return new Client({
    url: endpoint,
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    exchanges: [cacheExchange, authExchange(authentication), fetchExchange],
    fetch: patientFetch,
  });
}

async function authentication(utilities: AuthUtilities): Promise<AuthConfig> {
  return {
    addAuthToOperation: (operation) => withToken(utilities, operation),
    willAuthError: (operation) => {
      const session = readSession();
      return !operation.context['isPublic'] && session !== null && expiresWithin(session, EARLY_SECONDS);
    },
    didAuthError: (error, operation) => !operation.context['isRefresh'] && isUnauthenticated(error) && !isEndOf(operation, error),
    refreshAuth: () => refresh(utilities),
  };
}

function withToken(utilities: AuthUtilities, operation: Operation): Operation {
  const session = readSession();
  if (!session || expiresWithin(session, 0) || operation.context['isRefresh']) return withoutToken(operation);
  return utilities.appendHeaders(operation, { Authorization: `Bearer ${session.accessToken}` });
}

// An operation that is sent again still has the token with which it was refused.
function withoutToken(operation: Operation): Operation {
  const { fetchOptions } = operation.context;
  if (typeof fetchOptions !== 'object') return operation;
  const { Authorization: _, ...headers } = (fetchOptions.headers ?? {}) as Record<string, string>;
  return makeOperation(operation.kind, operation, { ...operation.context, fetchOptions: { ...fetchOptions, headers } });
}

export function isUnauthenticated(error: CombinedError): boolean {
  return error.response?.status === 401 || error.graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED');
}

// Whether a stream ends because its token has: it is opened again with another cursor, see live/follow.ts.
function isEndOf(operation: Operation, error: CombinedError): boolean {
  return operation.kind === 'subscription' && error.response?.status === 200;
}

// Replace the token pair. Tabs take turns, because a refresh token is used once; one that comes later finds the new pair.
async function refresh(utilities: AuthUtilities): Promise<void> {
  const before = readSession();
  await inTurn(async () => {
    const session = readSession();
    if (session && session.accessToken === before?.accessToken) await exchange(utilities, session);
  });
}

// The session ends where the gateway refuses its refresh token, and stays where the refresh was throttled or failed.
async function exchange(utilities: AuthUtilities, session: Session): Promise<void> {
  const payload = await renewed(utilities, session);
  // Since the refresh began, the customer may have signed in or out, in this tab or in another one.
  const isCurrent = readSession()?.refreshToken === session.refreshToken;
  if (payload && isCurrent) writeSession(payload.tokens);
}

// The answer to the refresh, or null. After a lost one the request is repeated at once: later, the gateway would take the token for a stolen one.
async function renewed(utilities: AuthUtilities, { refreshToken }: Session): Promise<RefreshSessionMutation['refreshSession'] | null> {
  const renew = () => utilities.mutate(trusted(RefreshSessionDocument), { input: { refreshToken } }, REFRESH);
  const first = await renew();
  const { data } = first.error?.networkError ? await renew() : first;
  return data?.refreshSession ?? null;
}

function inTurn(work: () => Promise<void>): Promise<void> {
  // Browsers have locks in secure contexts only: https, and http on this machine.
  return navigator.locks ? navigator.locks.request(LOCK, work) : work();
}
