// PostGraphile 5 with its Amber preset and its own update mutations of two tables, under row security.
import { createServer } from "node:http";
import { grafserv } from "grafserv/node";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { pgSmartTags } from "postgraphile/utils";
import * as shared from "./shared.mjs";

const WRITTEN = ["subscription", "customer"];
// Functions are hidden, and a type cannot be named Subscription, as that is a root type of GraphQL.
const tags = pgSmartTags([
  { kind: "class", match: (relation) => !WRITTEN.includes(relation.relname), tags: { behavior: "-*" } },
  { kind: "class", match: (relation) => relation.relname === "subscription", tags: { name: "contract" } },
  { kind: "procedure", match: () => true, tags: { behavior: "-*" } },
]);

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [tags],
  pgServices: [makePgService({ poolConfig: shared.poolConfig, schemas: ["portico"] })],
  schema: { defaultBehavior: "-insert -delete" },
  gather: { pgStrictFunctions: true },
  grafast: {
    explain: false,
    context({ node }) {
      const customerId = shared.customerOf(node.req.headers.authorization);
      return { pgSettings: { role: "portico_app", "app.customer_id": customerId, "app.actor": "CUSTOMER", "app.now": new Date().toISOString() } };
    },
  },
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, port: 0 },
};

const pgl = postgraphile(preset);
if (process.argv[2] === "schema") {
  const { printSchema } = await import("graphql");
  console.log(printSchema(await pgl.getSchema()));
  process.exit();
}
const server = createServer();
await pgl.createServ(grafserv).addTo(server);
server.listen({ host: "127.0.0.1", port: 0 }, () => console.log(`READY http://127.0.0.1:${server.address().port}/graphql`));
