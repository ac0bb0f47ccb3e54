// node roots.mjs: reads {url, token} from standard input. Introspects the server, and prints as JSON the roots of the schema that is printed from that and read again, and what
// Graphcache with the introspected schema shows of a page with subscriptions: from the network, from its cache, and after a message of a live operation.
import { createClient, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { buildClientSchema, buildSchema, getIntrospectionQuery, printSchema } from 'graphql';

const { url, token } = JSON.parse(await new Response(process.stdin).text());
const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
const PAGE = '{ customer { id name subscriptions(first: 3) { nodes { id status } } } }';
const FOLLOW = 'subscription { events { cursor customer { id name subscriptions(first: 3) { nodes { id status } } } } }';

const introspected = (await (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: getIntrospectionQuery() }) })).json()).data;
const again = buildSchema(printSchema(buildClientSchema(introspected)));
const roots = [again.getQueryType(), again.getMutationType(), again.getSubscriptionType()].map((type) => type?.name);

const urql = createClient({
  url,
  fetchOptions: { method: 'POST', headers },
  preferGetMethod: false,
  fetchSubscriptions: true,
  exchanges: [cacheExchange({ schema: introspected, keys: { LiveEvent: () => null, SubscriptionConnection: () => null } }), fetchExchange],
});

async function page(requestPolicy) {
  const { data, error } = await urql.query(PAGE, {}, { requestPolicy }).toPromise();
  if (error) throw error;
  return data;
}

const network = await page('network-only');
const cached = await page('cache-only');
let live;
await new Promise((resolve, reject) =>
  urql.subscription(FOLLOW, {}).subscribe(({ data, error }) => {
    live = data?.events.customer;
    error ? reject(error) : resolve();
  }),
);
process.stdout.write(JSON.stringify({ roots, network, cached, live, after: await page('cache-only') }), () => process.exit(0));
