// Call a server by document ids as real clients do: `node call.mjs apollo|relay URL TOKEN`. Prints what came back, and what was sent.
import { createHash } from 'node:crypto';

const [client, url, token] = process.argv.slice(2);
const sent = [];
const recording = (target, init) => {
  sent.push({ method: init.method, body: init.body ? JSON.parse(init.body) : null, target: String(target) });
  return fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
};

async function byApollo() {
  const { ApolloClient, HttpLink, InMemoryCache, gql } = await import('@apollo/client');
  const { PersistedQueryLink } = await import('@apollo/client/link/persisted-queries');
  const sha256 = text => createHash('sha256').update(text).digest('hex');
  const asked = gql`query ApolloInvoices($first: Int) { customer { invoices(first: $first) { nodes { id number } } } }`;
  const answers = [];
  for (const useGETForHashedQueries of [false, true]) {
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(new HttpLink({ uri: url, fetch: recording }));
    const { data } = await new ApolloClient({ link, cache: new InMemoryCache() }).query({ query: asked, variables: { first: 3 } });
    answers.push(data.customer.invoices.nodes.length);
  }
  return answers;
}

async function byRelay() {
  const { default: relay } = await import('relay-runtime');
  const { default: query } = await import('./relay/__generated__/documentsSummaryQuery.graphql.js');
  const fetchById = async (params, variables) => {
    const body = JSON.stringify({ doc_id: params.id, variables });
    return (await recording(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json();
  };
  const environment = new relay.Environment({ network: relay.Network.create(fetchById), store: new relay.Store(new relay.RecordSource()) });
  return relay.fetchQuery(environment, query, {}).toPromise();
}

const answer = await (client === 'apollo' ? byApollo() : byRelay());
console.log(JSON.stringify({ answer, sent }));
