import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';

// Valid for 15 minutes and in memory only. An app that stays open keeps the refresh token, too: see docs/identity.md.
let accessToken = null;

export function setToken(token) {
  accessToken = token;
}

const authorization = new SetContextLink(({ headers }) => ({
  headers: accessToken ? { ...headers, Authorization: `Bearer ${accessToken}` } : headers,
}));

export const client = new ApolloClient({
  link: ApolloLink.from([authorization, new HttpLink({ uri: '/graphql' })]),
  // Objects with an id are kept by `__typename` and `id`, which is Apollo's default.
  cache: new InMemoryCache({
    possibleTypes: { Attachable: ['Invoice', 'PaymentSchedule'] },
    typePolicies: { Limits: { merge: true }, Viewer: { merge: true } },
  }),
});
