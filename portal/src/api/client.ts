// The urql client: trusted documents, the bearer token and its refresh, one cache of documents.
import { authExchange, type AuthConfig, type AuthUtilities } from '@urql/exchange-auth';
import { cacheExchange, Client, CombinedError, fetchExchange, type Operation } from 'urql';
import { RefreshSessionDocument } from './__generated__/graphql.ts';
import { patientFetch } from './retry.ts';
import { expiresWithin, readSession, writeSession, type Session } from './session.ts';
import { trusted } from './trusted.ts';

const EARLY_SECONDS = 30;
const LOCK = 'portico:refresh';

// For documents that need no token: their answers never start a refresh.
export const PUBLIC = { isPublic: true };

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
    didAuthError: (error, operation) => !operation.context['isPublic'] && isUnauthenticated(error),
    refreshAuth: () => refresh(utilities),
  };
}

function withToken(utilities: AuthUtilities, operation: Operation): Operation {
  const session = readSession();
  if (!session || expiresWithin(session, 0)) return operation;
  return utilities.appendHeaders(operation, { Authorization: `Bearer ${session.accessToken}` });
}

export function isUnauthenticated(error: CombinedError): boolean {
  return error.response?.status === 401 || error.graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED');
}

// Replace the token pair. Tabs take turns, because a refresh token is used once; one that comes later finds the new pair.
async function refresh(utilities: AuthUtilities): Promise<void> {
  const before = readSession();
  await inTurn(async () => {
    const session = readSession();
    if (session && session.accessToken === before?.accessToken) await exchange(utilities, session);
  });
}

async function exchange(utilities: AuthUtilities, session: Session): Promise<void> {
  const variables = { input: { refreshToken: session.refreshToken } };
  const { data, error } = await utilities.mutate(trusted(RefreshSessionDocument), variables, PUBLIC);
  const tokens = data?.refreshSession?.tokens;
  if (tokens) writeSession(tokens);
  else if (data || (error && !error.networkError)) writeSession(null);
}

function inTurn(work: () => Promise<void>): Promise<void> {
  // Browsers have locks in secure contexts only: https, and http on this machine.
  return navigator.locks ? navigator.locks.request(LOCK, work) : work();
}
