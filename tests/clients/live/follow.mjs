// Follows a live operation with one client, and prints each message as a line of JSON. Arguments: client, address, token.
import { parse } from 'graphql';

const [, , client, address, token] = process.argv;
const QUERY = 'subscription Follow { events { cursor events { id type } customer { id name } } }';
const headers = { Authorization: `Bearer ${token}` };
const sockets = address.replace('http', 'ws');

function show(message) {
  console.log(JSON.stringify(message));
}

function fail(error) {
  console.log(JSON.stringify({ failed: String(error) }));
}

const clients = {
  async 'graphql-sse'() {
    const { createClient } = await import('graphql-sse');
    createClient({ url: address, headers }).subscribe({ query: QUERY }, { next: ({ data }) => show(data), error: fail, complete() {} });
  },
  async 'graphql-ws'() {
    const [{ createClient }, { WebSocket }] = await Promise.all([import('graphql-ws'), import('ws')]);
    const connection = createClient({ url: sockets, webSocketImpl: WebSocket, connectionParams: headers });
    connection.subscribe({ query: QUERY }, { next: ({ data }) => show(data), error: fail, complete() {} });
  },
  async urql() {
    const { Client, fetchExchange } = await import('@urql/core');
    const urql = new Client({ url: address, exchanges: [fetchExchange], fetchSubscriptions: true, fetchOptions: { headers }, preferGetMethod: false });
    urql.subscription(QUERY, {}).subscribe(({ data, error }) => (error ? fail(error) : show(data)));
  },
  async 'apollo-multipart'() {
    const { ApolloClient, HttpLink, InMemoryCache } = await import('@apollo/client');
    follow(new ApolloClient({ link: new HttpLink({ uri: address, headers }), cache: new InMemoryCache() }));
  },
  async 'apollo-ws'() {
    const [{ ApolloClient, InMemoryCache }, { GraphQLWsLink }] = await Promise.all([import('@apollo/client'), import('@apollo/client/link/subscriptions')]);
    const [{ createClient }, { WebSocket }] = await Promise.all([import('graphql-ws'), import('ws')]);
    const link = new GraphQLWsLink(createClient({ url: sockets, webSocketImpl: WebSocket, connectionParams: headers }));
    follow(new ApolloClient({ link, cache: new InMemoryCache() }));
  },
  async relay() {
    const relay = (await import('relay-runtime')).default;
    const { createClient } = await import('graphql-sse');
    const events = createClient({ url: address, headers });
    const subscribe = (operation, variables) =>
      relay.Observable.create((sink) => events.subscribe({ query: operation.text, variables }, sink));
    const network = relay.Network.create(() => Promise.reject(new Error('no queries')), subscribe);
    network.execute({ operationKind: 'subscription', text: QUERY, name: 'Follow' }, {}, {}).subscribe({ next: ({ data }) => show(data), error: fail });
  },
};

function follow(apollo) {
  apollo.subscribe({ query: parse(QUERY) }).subscribe({ next: ({ data, error }) => (error ? fail(error) : show(data)), error: fail });
}

await clients[client]();
