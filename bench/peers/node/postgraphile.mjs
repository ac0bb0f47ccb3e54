// PostGraphile 5 with its Amber preset over the portal's views; tags declare what a view cannot: its key and its relation to the customer.
import { createServer } from "node:http";
import { grafserv } from "grafserv/node";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { context, get, lambda } from "postgraphile/grafast";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { extendSchema, gql, jsonPgSmartTags, pgSmartTags } from "postgraphile/utils";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";
import * as shared from "./shared.mjs";

// What belongs to a customer: the view, the name of the list on the customer, its key, and further relations.
const owned = (view, field, primaryKey, ...foreignKeys) => [
  view,
  { tags: { primaryKey, foreignKey: [`(customer_id) references portal_customer (id)|@foreignFieldName ${field}`, ...foreignKeys] } },
];

// The tables are hidden, since the views have the same columns and more; and the functions, none of which the page needs.
const hidden = pgSmartTags([
  { kind: "class", match: (relation) => !relation.relname.startsWith("portal_") || relation.relkind === "r", tags: { behavior: "-*" } },
  { kind: "procedure", match: () => true, tags: { behavior: "-*" } },
]);

const tags = jsonPgSmartTags({
  version: 1,
  config: {
    class: Object.fromEntries([
      ["portal_customer", { tags: { primaryKey: "id" } }],
      ["portal_plan", { tags: { primaryKey: "id" } }],
      owned("portal_summary", "summary", "customer_id"),
      owned("portal_total", "totals", "customer_id,currency"),
      owned("portal_upcoming_payment", "upcomingPayments", "source_id,kind"),
      ["portal_price", { tags: { primaryKey: "id" } }],
      owned("portal_subscription", "subscriptions", "customer_id,id",
        "(plan_id) references portal_plan (id)|@fieldName plan",
        "(pending_plan_id) references portal_plan (id)|@fieldName pendingPlan",
        "(pending_price_id) references portal_price (id)|@fieldName pendingPrice"),
      owned("portal_payment_schedule", "paymentSchedules", "customer_id,id"),
      owned("portal_installment", "installments", "customer_id,id", "(customer_id,schedule_id) references portal_payment_schedule (customer_id,id)|@foreignFieldName installments"),
      owned("portal_invoice", "invoices", "customer_id,id"),
      owned("portal_payment", "payments", "customer_id,id"),
      owned("portal_payment_allocation", "allocations", "customer_id,id",
        "(customer_id,payment_id) references portal_payment (customer_id,id)|@foreignFieldName allocations",
        "(customer_id,invoice_id) references portal_invoice (customer_id,id)|@fieldName invoice"),
      owned("portal_payment_method", "paymentMethods", "customer_id,id"),
    ]),
  },
});

// The caller's own customer, in the way of the documentation's examples of a current user; and what may be done with a payment method, by a rule over columns of the view.
const actionsOfMethod = (columns) => shared.actionsOfMethod(...columns);
const extensions = extendSchema((build) => ({
  typeDefs: gql`
    extend type Query {
      me: PortalCustomer
    }
    type ActionState {
      action: String!
      allowed: Boolean!
      reason: String
      message: String
    }
    extend type PortalPaymentMethod {
      availableActions: [ActionState!]!
    }
  `,
  objects: {
    Query: {
      plans: {
        me: () => build.pgResources.portal_customer.get({ id: get(context(), "customerId") }),
      },
    },
    PortalPaymentMethod: {
      plans: {
        availableActions: ($method) =>
          lambda(["is_default", "is_expired", "is_in_use", "has_payment_in_flight"].map((name) => $method.get(name)), actionsOfMethod, true),
      },
    },
  },
}));

const preset = {
  extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
  plugins: [hidden, tags, extensions],
  pgServices: [makePgService({ poolConfig: shared.poolConfig, schemas: ["portico"] })],
  schema: { defaultBehavior: "+orderBy +filterBy -insert -update -delete", connectionFilterRelations: false },
  gather: { pgStrictFunctions: true },
  grafast: {
    explain: false,
    context({ node }) {
      const customerId = shared.customerOf(node.req.headers.authorization);
      return {
        customerId,
        pgSettings: { role: "portico_app", "app.customer_id": customerId, "app.actor": "CUSTOMER", "app.now": new Date().toISOString() },
      };
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
