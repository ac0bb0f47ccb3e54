import { Environment, Network, RecordSource, Store } from 'relay-runtime';

// Valid for 15 minutes and in memory only. An app that stays open keeps the refresh token, too: see docs/identity.md.
let accessToken = null;

export function setToken(token) {
  accessToken = token;
}

async function send({ text }, variables) {
  const headers = { 'Content-Type': 'application/json', ...(accessToken && { Authorization: `Bearer ${accessToken}` }) };
  const response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query: text, variables }) });
  return response.json();
}

// Relay keeps objects by `id`, which is unique among all types here.
export const environment = new Environment({ network: Network.create(send), store: new Store(new RecordSource()) });
