// The common parts of the peers in Node: a pool like Portico's, a verified token, one transaction per request, and rows in the form of the schema.
import { readFileSync } from "node:fs";
import { createVerifier } from "fast-jwt";
import pg from "pg";

export const typeDefs = readFileSync(new URL("../summary.graphql", import.meta.url), "utf8");
export const reads = Object.fromEntries(
  readFileSync(new URL("../reads.sql", import.meta.url), "utf8")
    .split(/^-- name: /m)
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf("\n")).trim(), part.slice(part.indexOf("\n")).trim()]),
);

// Dates stay text; all other types have node-postgres' defaults.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

export const poolConfig = { host: process.env.PEER_SOCKET, user: "portico_app", database: "postgres", max: 10 };

// Tuned: the statements of one tick are sent together (pipelining), and statements are prepared once per connection, by their names. node-postgres has both
// and leaves both off.
const isTuned = process.env.PEER_TUNED === "1";
export const makePool = () => new pg.Pool({ ...poolConfig, pipeline: isTuned });

const verify = createVerifier({
  key: process.env.PEER_TOKEN_KEY,
  algorithms: ["EdDSA"],
  allowedIss: "portico",
  allowedAud: "portico",
  requiredClaims: ["iss", "aud", "exp", "iat", "sub"],
  cache: 10_000,
});

export const customerOf = (authorization) => verify((authorization ?? "").replace(/^Bearer /, "")).sub;

// One transaction per request, opened by its first read. A connection without pipelining runs one statement at a time.
export class Session {
  constructor(pool, customerId) {
    this.pool = pool;
    this.customerId = customerId;
  }

  async read(name, ...values) {
    const client = await (this.client ??= this.begin());
    if (isTuned) return (await client.query({ name, text: reads[name], values })).rows;
    this.turn = (this.turn ?? Promise.resolve()).then(() => client.query(reads[name], values));
    return (await this.turn).rows;
  }

  async begin() {
    const client = await this.pool.connect();
    await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.customer_id = ${pg.escapeLiteral(this.customerId)}; ` +
        `SET LOCAL app.actor = 'CUSTOMER'; SET LOCAL app.now = '${new Date().toISOString()}'`,
    );
    return client;
  }

  async end() {
    const client = await this.client;
    if (!client) return;
    await client.query("COMMIT");
    client.release();
  }
}

const DIGITS = { JPY: 0, KRW: 0, BHD: 3, JOD: 3, KWD: 3, OMR: 3, TND: 3 };

export const money = (minor, currency) => {
  const digits = DIGITS[currency] ?? 2;
  const sign = minor.startsWith("-") ? "-" : "";
  const text = minor.slice(sign.length).padStart(digits + 1, "0");
  const amount = digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
  return { amount: sign + amount, currency };
};

const instant = (value) => value && value.toISOString();

const cursor = ({ position, id }) =>
  Buffer.from(`["newest", "${position}", "${id}"]`).toString("base64").replaceAll("+", "-").replaceAll("/", "_");

// A connection from rows that include one more than the page.
export const connection = (rows, first, present) => {
  const page = rows.slice(0, first);
  return {
    nodes: page.map(present),
    pageInfo: { hasNextPage: rows.length > first, endCursor: page.length ? cursor(page[page.length - 1]) : null },
  };
};

export const subscription = (row) => ({
  id: row.id,
  status: row.status,
  suspendedBy: row.suspended_by,
  hasOverdue: row.has_overdue,
  quantity: row.quantity,
  renewsAt: instant(row.renews_at),
  renewalAmount: money(row.renewal_minor, row.currency),
  pendingChange: row.pending_kind && {
    kind: row.pending_kind,
    effectiveAt: instant(row.pending_at),
    quantity: row.pending_quantity,
    resumesAt: instant(row.pending_resumes_at),
    planId: row.pending_plan_id,
    priceId: row.pending_price_id,
  },
  planId: row.plan_id,
});

export const price = (row) => ({
  id: row.id,
  unitAmount: money(row.unit_minor, row.currency),
  interval: row.billing_interval,
  intervalCount: row.interval_count,
});

export const schedule = (row) => ({
  id: row.id,
  name: row.name,
  status: row.status,
  isOverdue: row.is_overdue,
  total: money(row.total_minor, row.currency),
  remaining: money(row.remaining_minor, row.currency),
});

export const installment = (row) => ({
  id: row.id,
  name: row.name,
  dueOn: row.due_on,
  isOverdue: row.is_overdue,
  remaining: money(row.remaining_minor, row.currency),
});

export const payment = (row) => ({
  id: row.id,
  status: row.status,
  createdAt: instant(row.created_at),
  settledAt: instant(row.settled_at),
  amount: money(row.amount_minor, row.currency),
  methodSnapshot: { kind: row.method_kind, brand: row.method_brand, last4: row.method_last4 },
});

export const allocation = (row) => ({ amount: money(row.amount_minor, row.currency), invoiceId: row.invoice_id });

// Portico's rule (billing/lifecycle/actions.py: of_method), with its messages.
const MESSAGES = {
  ALREADY_DEFAULT: "This is the default method already.",
  METHOD_EXPIRED: "This method has expired.",
  IN_PROGRESS: "A payment is in progress.",
  METHOD_IN_USE: "A subscription is billed to this method. Choose another one for it first.",
};

const actionState = (action, reason) => ({ action, allowed: reason === null, reason, message: reason && MESSAGES[reason] });

export const actionsOfMethod = (isDefault, isExpired, isInUse, hasPaymentInFlight) => [
  actionState("SET_DEFAULT", isDefault ? "ALREADY_DEFAULT" : isExpired ? "METHOD_EXPIRED" : null),
  actionState("DELETE", hasPaymentInFlight ? "IN_PROGRESS" : isInUse ? "METHOD_IN_USE" : null),
];

export const method = (row) => ({
  id: row.id,
  version: row.version,
  kind: row.kind,
  brand: row.brand,
  last4: row.last4,
  expiresOn: row.expires_on,
  isDefault: row.is_default,
  isExpired: row.is_expired,
  isInUse: row.is_in_use,
  availableActions: actionsOfMethod(row.is_default, row.is_expired, row.is_in_use, row.has_payment_in_flight),
});

const SOURCES = { INSTALLMENT: "Installment", RETRY: "Invoice" };

export const nextPayment = (row) => ({
  date: row.due_on,
  kind: row.kind,
  amount: money(row.amount_minor, row.currency),
  source: { __typename: SOURCES[row.kind] ?? "Subscription", id: row.source_id },
});

// Rows in the order of their keys.
export const oneEach = (keys, rows, column) => {
  const byKey = new Map(rows.map((row) => [row[column], row]));
  return keys.map((key) => byKey.get(key) ?? null);
};

export const manyEach = (keys, rows, column) => {
  const found = Map.groupBy(rows, (row) => row[column]);
  return keys.map((key) => found.get(key) ?? []);
};

// Root fields and pages: the same resolvers of one statement each for all servers that resolve field by field. Relations are each server's own.
export const resolvers = {
  Query: {
    customer: async (_, __, { session }) => (await session.read("customer", session.customerId))[0],
  },
  Customer: {
    summary: async (customer, _, { session }) => (await session.read("counts", customer.id)).map(summary)[0],
    subscriptions: async (customer, { first, filter }, { session }) =>
      connection(await session.read("subscriptions", customer.id, first + 1, filter?.status ?? null), first, subscription),
    paymentSchedules: async (customer, { first, filter }, { session }) =>
      connection(await session.read("schedules", customer.id, first + 1, filter?.status ?? null), first, schedule),
    payments: async (customer, { first }, { session }) => connection(await session.read("payments", customer.id, first + 1), first, payment),
    paymentMethods: async (customer, { first }, { session }) => ({ nodes: (await session.read("methods", customer.id, first)).map(method) }),
  },
  Summary: {
    balance: (_, __, context) => totals(context, "balance_minor"),
    totalDue: (_, __, context) => totals(context, "due_minor"),
    totalOverdue: (_, __, context) => totals(context, "overdue_minor"),
    processing: (_, __, context) => totals(context, "processing_minor"),
    payable: async (_, __, { session }) => (await session.read("payables", session.customerId)).map((row) => money(row.charged_minor, row.currency)),
    lastPayment: async (_, __, { session }) => (await session.read("last_payment", session.customerId)).map(payment)[0] ?? null,
    nextPayment: async (_, __, { session }) => (await session.read("next_payment", session.customerId)).map(nextPayment)[0] ?? null,
  },
  Node: { resolveType: (value) => value.__typename },
};

const summary = (row) => ({ id: row.id, activeSubscriptions: row.active_subscriptions, activeSchedules: row.active_schedules });

// One read for the four fields.
const totals = async (context, column) => {
  context.totals ??= context.session.read("totals", context.session.customerId);
  return (await context.totals).map((row) => money(row[column], row.currency));
};
