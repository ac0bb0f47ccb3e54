// Apollo Server with Express and node-postgres, with the plain writes of bench/writes/plain.sql.
import http from "node:http";
import { readFileSync } from "node:fs";
import { ApolloServer } from "@apollo/server";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { expressMiddleware } from "@as-integrations/express5";
import express from "express";
import pg from "pg";
import * as shared from "./shared.mjs";

const folder = new URL("../../writes/", import.meta.url);
const writes = Object.fromEntries(
  readFileSync(new URL("plain.sql", folder), "utf8")
    .split(/^-- name: /m)
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf("\n")).trim(), part.slice(part.indexOf("\n")).trim()]),
);
const pool = shared.makePool();
const isTuned = process.env.PEER_TUNED === "1";

// One statement in a transaction of its own under row security.
const written = async (customerId, name, ...values) => {
  const client = await pool.connect();
  try {
    await client.query(
      `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL app.customer_id = ${pg.escapeLiteral(customerId)}; ` +
        `SET LOCAL app.actor = 'CUSTOMER'; SET LOCAL app.now = '${new Date().toISOString()}'`,
    );
    const query = { text: writes[name], values: [customerId, ...values], ...(isTuned ? { name } : {}) };
    const { rows } = await client.query(query);
    await client.query("COMMIT");
    return rows[0];
  } finally {
    client.release();
  }
};

const changed = (name) => async (_, { input }, { customerId }) => {
  const row = await written(customerId, name, input.subscriptionId);
  if (!row) return { subscription: null, userErrors: [{ code: "WRONG_STATE", message: "It cannot be changed." }] };
  return { subscription: { ...row, renewsAt: row.renews_at && row.renews_at.toISOString() }, userErrors: [] };
};

const resolvers = {
  Query: { version: () => 1 },
  Mutation: {
    pauseSubscription: changed("pauseSubscription"),
    resumeSubscription: changed("resumeSubscription"),
    updateProfile: async (_, { input }, { customerId }) => ({ customer: await written(customerId, "updateProfile", input.name), userErrors: [] }),
  },
};

const app = express();
const httpServer = http.createServer(app);
const typeDefs = readFileSync(new URL("plain.graphql", folder), "utf8");
const server = new ApolloServer({ typeDefs, resolvers, plugins: [ApolloServerPluginDrainHttpServer({ httpServer })] });
await server.start();
app.use(
  "/graphql",
  express.json(),
  expressMiddleware(server, { context: async ({ req }) => ({ customerId: shared.customerOf(req.headers.authorization) }) }),
);
httpServer.listen({ host: "127.0.0.1", port: 0 }, () => console.log(`READY http://127.0.0.1:${httpServer.address().port}/graphql`));
