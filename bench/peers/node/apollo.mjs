// Apollo Server with Express, integrated as in its documentation, DataLoader for every relation, and node-postgres.
import http from "node:http";
import { ApolloServer } from "@apollo/server";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { expressMiddleware } from "@as-integrations/express5";
import DataLoader from "dataloader";
import express from "express";
import * as shared from "./shared.mjs";

const pool = shared.makePool();

const loadersOf = (session) => ({
  plan: new DataLoader(async (keys) => shared.oneEach(keys, await session.read("plans", keys), "id")),
  price: new DataLoader(async (keys) =>
    shared.oneEach(keys, await session.read("prices", keys), "id").map((row) => row && shared.price(row)),
  ),
  nextInstallment: new DataLoader(async (keys) =>
    shared.oneEach(keys, await session.read("next_installments", session.customerId, keys), "schedule_id").map((row) => row && shared.installment(row)),
  ),
  allocations: new DataLoader(async (keys) =>
    shared.manyEach(keys, await session.read("allocations", session.customerId, keys), "payment_id").map((rows) => rows.map(shared.allocation)),
  ),
  invoice: new DataLoader(async (keys) => shared.oneEach(keys, await session.read("invoices", session.customerId, keys), "id")),
});

const resolvers = {
  ...shared.resolvers,
  Node: { __resolveType: (value) => value.__typename },
  Subscription: { plan: (subscription, _, { loaders }) => loaders.plan.load(subscription.planId) },
  PendingChange: {
    plan: (pending, _, { loaders }) => pending.planId && loaders.plan.load(pending.planId),
    price: (pending, _, { loaders }) => pending.priceId && loaders.price.load(pending.priceId),
  },
  PaymentSchedule: { nextInstallment: (schedule, _, { loaders }) => loaders.nextInstallment.load(schedule.id) },
  Payment: { allocations: (payment, _, { loaders }) => loaders.allocations.load(payment.id) },
  PaymentAllocation: { invoice: (allocation, _, { loaders }) => allocation.invoiceId && loaders.invoice.load(allocation.invoiceId) },
};

// The answer does not wait for COMMIT.
const endSession = {
  async requestDidStart() {
    return { willSendResponse: async ({ contextValue }) => void contextValue.session.end() };
  },
};

const app = express();
const httpServer = http.createServer(app);
const server = new ApolloServer({
  typeDefs: shared.typeDefs,
  resolvers,
  plugins: [ApolloServerPluginDrainHttpServer({ httpServer }), endSession],
});
await server.start();
app.use(
  "/graphql",
  express.json(),
  expressMiddleware(server, {
    context: async ({ req }) => {
      const session = new shared.Session(pool, shared.customerOf(req.headers.authorization));
      return { session, loaders: loadersOf(session) };
    },
  }),
);
httpServer.listen({ host: "127.0.0.1", port: 0 }, () => console.log(`READY http://127.0.0.1:${httpServer.address().port}/graphql`));
