// Mercurius on Fastify, compiled just in time, its own loaders for every relation, and node-postgres.
import Fastify from "fastify";
import mercurius from "mercurius";
import * as shared from "./shared.mjs";

const pool = shared.makePool();
const keysOf = (queries, key) => [...new Set(queries.map(({ obj }) => obj[key]).filter(Boolean))];
const each = (queries, key, values) => queries.map(({ obj }) => values.get(obj[key]) ?? null);

// Without a cache, which the documentation recommends to avoid serializing every object: the keys of one page hardly repeat.
const bulk = (loader) => ({ loader, opts: { cache: false } });

const plan = bulk(async (queries, { session }) => {
  const keys = keysOf(queries, "planId");
  const rows = keys.length ? await session.read("plans", keys) : [];
  return each(queries, "planId", new Map(rows.map((row) => [row.id, row])));
});

const loaders = {
  Subscription: { plan },
  PendingChange: {
    plan,
    price: bulk(async (queries, { session }) => {
      const keys = keysOf(queries, "priceId");
      const rows = keys.length ? await session.read("prices", keys) : [];
      return each(queries, "priceId", new Map(rows.map((row) => [row.id, shared.price(row)])));
    }),
  },
  PaymentSchedule: {
    nextInstallment: bulk(async (queries, { session }) => {
      const rows = await session.read("next_installments", session.customerId, keysOf(queries, "id"));
      return each(queries, "id", new Map(rows.map((row) => [row.schedule_id, shared.installment(row)])));
    }),
  },
  Payment: {
    allocations: bulk(async (queries, { session }) => {
      const rows = await session.read("allocations", session.customerId, keysOf(queries, "id"));
      const found = Map.groupBy(rows, (row) => row.payment_id);
      return queries.map(({ obj }) => (found.get(obj.id) ?? []).map(shared.allocation));
    }),
  },
  PaymentAllocation: {
    invoice: bulk(async (queries, { session }) => {
      const keys = keysOf(queries, "invoiceId");
      const rows = keys.length ? await session.read("invoices", session.customerId, keys) : [];
      return each(queries, "invoiceId", new Map(rows.map((row) => [row.id, row])));
    }),
  },
};

const app = Fastify();
app.register(mercurius, {
  schema: shared.typeDefs,
  resolvers: shared.resolvers,
  loaders,
  jit: 1,
  graphiql: false,
  context: (request) => ({ session: new shared.Session(pool, shared.customerOf(request.headers.authorization)) }),
});
await app.ready();

// The answer does not wait for COMMIT.
app.graphql.addHook("onResolution", async (_, context) => void context.session.end());

const url = await app.listen({ host: "127.0.0.1", port: 0 });
console.log(`READY ${url}/graphql`);
