// node check.mjs: reads a case from standard input, and prints what the caches of Apollo Client and urql show after a mutation, and what the server answers.
//
// Each client asks for the pages, then sends the mutation, then reads the pages from its cache alone. The mutation is sent once: the second client gets the response
// of the first. A client with an empty cache asks for the pages again.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { createClient, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";

const input = JSON.parse(await new Response(process.stdin).text());
const { url, token, pages, mutation, valueTypes, possibleTypes } = input;

const responses = new Map();

// Fetch as the clients do; a mutation only once.
async function send(address, options) {
  const { operationName } = JSON.parse(options.body);
  if (operationName !== mutation.name) return fetch(address, options);
  if (!responses.has(operationName)) responses.set(operationName, await (await fetch(address, options)).text());
  return new Response(responses.get(operationName), { headers: { "Content-Type": "application/json" } });
}

const headers = { Authorization: `Bearer ${token}` };

function apollo() {
  return new ApolloClient({
    cache: new InMemoryCache({ possibleTypes }),
    link: ApolloLink.from([new HttpLink({ uri: url, headers, fetch: send })]),
  });
}

// Without the names of the roots, Graphcache takes the type Subscription for the root of live operations.
const schema = { __schema: { queryType: { name: "Query" }, mutationType: { name: "Mutation" }, subscriptionType: { name: "Live" } } };
const keys = Object.fromEntries(valueTypes.map((name) => [name, () => null]));

function urql() {
  return createClient({
    url,
    fetch: send,
    fetchOptions: { method: "POST", headers },
    preferGetMethod: false,
    exchanges: [cacheExchange({ schema, keys }), fetchExchange],
  });
}

function checked(result) {
  if (result.error) throw result.error;
  return result.data ?? null;
}

async function withApollo(client, policy) {
  const answers = [];
  for (const { text, variables } of pages) answers.push(checked(await client.query({ query: gql(text), variables, fetchPolicy: policy })));
  return answers;
}

async function withUrql(client, policy) {
  const answers = [];
  for (const { text, variables } of pages) answers.push(checked(await client.query(text, variables, { requestPolicy: policy }).toPromise()));
  return answers;
}

const [first, second] = [apollo(), urql()];
const before = { apollo: await withApollo(first, "network-only"), urql: await withUrql(second, "network-only") };
const payload = checked(await first.mutate({ mutation: gql(mutation.text), variables: mutation.variables }));
checked(await second.mutation(mutation.text, mutation.variables).toPromise());
const cached = { apollo: await withApollo(first, "cache-only"), urql: await withUrql(second, "cache-only") };
const again = { apollo: await withApollo(apollo(), "network-only"), urql: await withUrql(urql(), "network-only") };
process.stdout.write(JSON.stringify({ before, cached, again, payload }), () => process.exit(0));
